-- An entry of the access log is kept for 6 months at the least. Only this function takes entries out, and only ledger_jobs
-- may call it. The keeper sees of the log what is older than 6 months, and nothing younger.
create function prune_access_log(months int, really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  before timestamptz := now() - make_interval(months => greatest(coalesce(months, 36), 6));
begin
  if really then
    return query with gone as (delete from access_log l where l.at < before returning l.jurisdiction, l.kind, l.at)
      select jurisdiction, kind, count(*), min(at), max(at) from gone group by 1, 2 order by 1, 2;
  else
    return query select l.jurisdiction, l.kind, count(*), min(l.at), max(l.at)
      from access_log l where l.at < before group by 1, 2 order by 1, 2;
  end if;
end $$;
grant execute on function prune_access_log(int, boolean) to ledger_jobs;
alter function prune_access_log(int, boolean) owner to ledger_keeper;
create policy keeper on access_log to ledger_keeper using (at < now() - interval '6 months');
grant select (jurisdiction, kind, at), delete on access_log to ledger_keeper;
