-- Files are named by what they are the content of: of these names, those of attachments that have this content.
create function stored_contents(names text[]) returns setof text language sql stable security definer
  set search_path = public, pg_temp as $$
  select x from unnest(names) x join attachment a on a.id = split_part(x, '.', 1)::uuid and a.sha256 = split_part(x, '.', 2) $$;
revoke all on function stored_contents(text[]) from public;
grant execute on function stored_contents(text[]) to ledger_jobs;
alter function stored_contents(text[]) owner to ledger_keeper;
grant select (sha256) on attachment to ledger_keeper;
