-- A row of the jurisdiction's own holds before one for every jurisdiction; of several that have begun, the latest.
create function policy_in_force(code text, policy_name text, day date) returns text[] language sql stable security definer
  set search_path = public, pg_temp as $$
  select p.value from policy p where p.jurisdiction in (code, '') and p.name = policy_name and p.since <= day
  order by p.jurisdiction desc, p.since desc, p.entered_at desc limit 1 $$;
comment on function policy_in_force(text, text, date) is 'What a jurisdiction has laid down, as it holds on a day.';
alter function policy_in_force(text, text, date) owner to ledger_keeper;
