-- Sign-ins, and sessions that are over, are kept as long as the access log: 6 months at the least, whatever is asked.
create function prune_sign_ins(months int, really boolean)
  returns table (jurisdiction text, kind text, removed bigint, oldest timestamptz, newest timestamptz)
  language plpgsql security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  before timestamptz := now() - make_interval(months => greatest(coalesce(months, 36), 6));
begin
  if really then
    delete from session s where s.expires_at < before;
    return query with gone as (delete from sign_in l where l.at < before returning l.low, l.outcome, l.at)
      select low, outcome, count(*), min(at), max(at) from gone group by 1, 2 order by 1, 2;
  else
    return query select l.low, l.outcome, count(*), min(l.at), max(l.at)
      from sign_in l where l.at < before group by 1, 2 order by 1, 2;
  end if;
end $$;
revoke all on function prune_sign_ins(int, boolean) from public;
grant execute on function prune_sign_ins(int, boolean) to ledger_jobs;
alter function prune_sign_ins(int, boolean) owner to ledger_keeper;
create policy keeper on sign_in to ledger_keeper using (at < now() - interval '6 months');
create policy keeper on session to ledger_keeper using (expires_at < now() - interval '6 months');
grant select (low, outcome, at), delete on sign_in to ledger_keeper;
grant select (expires_at), delete on session to ledger_keeper;
