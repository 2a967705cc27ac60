-- The steps of escalation that are reached by this day: the highest of each obligation, unless it or a higher one was
-- raised before. A step that was passed over is not raised afterwards, so that an old ledger asks for no four letters at
-- once. The key of the table makes each step one, however many processes ask. A paused clock raises nothing.
create function escalate_obligations(today date) returns bigint language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  raised bigint;
begin
  with step as materialized (
    select p.id as policy_id, s.*, case s.unit when 'month' then make_interval(months => s.amount)
      else make_interval(days => s.amount) end as later
    from deadline_policy p, jsonb_to_recordset(p.steps)
      as s(level int, measured text, amount int, unit text, addressee text, letter text)),
  reached as (
    select distinct on (o.jurisdiction, o.id) o.jurisdiction, o.id, s.*, r.reached_on
    from obligation o join step s on s.policy_id = o.policy_id
    cross join lateral (select (case s.measured when 'receipt' then o.since when 'progress' then o.progress_on
      else o.due_on end + s.later)::date as reached_on) r
    where o.closed_on is null and o.paused_on is null and r.reached_on <= today
    order by o.jurisdiction, o.id, s.level desc),
  done as (
    insert into escalation (jurisdiction, obligation_id, level, policy_id, measured, reached_on, addressee, letter)
    select r.jurisdiction, r.id, r.level, r.policy_id, r.measured, r.reached_on, r.addressee, r.letter from reached r
    where not exists (select from escalation e
      where e.obligation_id = r.id and e.jurisdiction = r.jurisdiction and e.level >= r.level)
    on conflict do nothing returning 1)
  select count(*) into raised from done;
  return raised;
end $$;
comment on function escalate_obligations(date) is 'Enters the steps of escalation that open obligations have reached by this day, each once.';
grant execute on function escalate_obligations(date) to ledger_jobs;
alter function escalate_obligations(date) owner to ledger_keeper;
