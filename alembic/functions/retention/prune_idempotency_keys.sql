-- A key is kept for 7 days; then the same request is carried out anew. Only this function takes keys out, and only
-- ledger_jobs may call it. The keeper sees of them what is older, and nothing younger.
create function prune_idempotency_keys(really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  if really then
    return query with gone as (delete from idempotency_key k where k.at <= now() - interval '7 days' returning k.type, k.at)
      select ''::text, type, count(*), min(at), max(at) from gone group by 2 order by 2;
  else
    return query select ''::text, k.type, count(*), min(k.at), max(k.at)
      from idempotency_key k where k.at <= now() - interval '7 days' group by 2 order by 2;
  end if;
end $$;
grant execute on function prune_idempotency_keys(boolean) to ledger_jobs;
alter function prune_idempotency_keys(boolean) owner to ledger_keeper;
create policy keeper on idempotency_key to ledger_keeper using (at <= now() - interval '7 days');
grant select (type, at), delete on idempotency_key to ledger_keeper;
