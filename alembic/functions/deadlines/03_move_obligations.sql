-- After the calendar or a rule was changed: the open obligations whose day is another now, those and no others. The same
-- period is counted once, however many run through it.
create function move_obligations(why text) returns bigint language plpgsql security definer
  set search_path = public, pg_temp as $$
declare
  moved bigint;
begin
  with period as materialized (
    select distinct o.jurisdiction, o.rule, o.since, o.paused from obligation o where o.closed_on is null),
  counted as materialized (
    select p.*, d.policy_id, d.due_on, d.provisional, d.warn_days, d.idle_days,
      (select coalesce(sum(upper(r) - lower(r)), 0)::int from unnest(p.paused) r) as stood
    from period p cross join lateral deadline_for(p.jurisdiction, p.rule, p.since, null, null, p.paused) d),
  differing as materialized (
    select o.jurisdiction, o.id, o.version, o.due_on as before, c.policy_id, n.due_on, n.provisional,
      n.due_on - c.warn_days as amber_from, o.progress_on + c.idle_days as idle_from
    from obligation o join counted c on c.jurisdiction = o.jurisdiction and c.rule = o.rule and c.since = o.since
      and c.paused = o.paused
    cross join lateral (select coalesce(coalesce(o.extended_until, o.own_due) + c.stood, c.due_on) as due_on,
      coalesce(o.extended_until, o.own_due) is null and c.provisional as provisional) n
    where o.closed_on is null and (o.due_on, o.provisional, o.policy_id, o.amber_from, o.idle_from) is distinct from
      (n.due_on, n.provisional, c.policy_id, n.due_on - c.warn_days, o.progress_on + c.idle_days)
    order by o.jurisdiction, o.id),
  done as (
    update obligation o set policy_id = d.policy_id, due_on = d.due_on, provisional = d.provisional,
      amber_from = d.amber_from, idle_from = d.idle_from, version = o.version + 1
    from differing d where o.jurisdiction = d.jurisdiction and o.id = d.id and o.version = d.version
    returning o.jurisdiction, o.id, d.before, d.due_on),
  told as (
    insert into obligation_event (jurisdiction, obligation_id, kind, by, cause, due_before, due_after)
    select d.jurisdiction, d.id, 'moved', '系统核对', why, d.before, d.due_on from done d where d.before <> d.due_on
    returning 1)
  select count(*) into moved from told;
  return moved;
end $$;
comment on function move_obligations(text) is 'Moves the open obligations whose day is another since the calendar or a rule was changed.';
grant execute on function move_obligations(text) to ledger_jobs;
alter function move_obligations(text) owner to ledger_keeper;
