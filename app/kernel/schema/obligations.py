"""The functions and triggers that keep what records oblige to, made from what their types declare.

One function of each type judges so many of its records and closes, moves, opens again and opens their obligations by
one statement each. Triggers call it in the transaction of the write, whoever writes: for one row of a request only if a
column changed on which an obligation depends, and once for all rows of a statement of an import. The nightly run calls
it for every record, which finds what a trigger should have kept.
"""

from collections.abc import Iterator

from app.kernel.declare.obligations import Obligation
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.statements import AS_KEEPER, given_to_keeper, listed, quoted, trigger

TODAY = "(now() at time zone 'Asia/Shanghai')::date"
BY_IMPORT = "(nullif(current_setting('ledger.caller', true), '')::jsonb ? 'import')"
DOER = "coalesce(caller_context() ->> 'sub', session_user), caller_context() ->> 'role'"
# What the records oblige to, each rule of the type: also what is not open, so that it is closed where it was.
JUDGED = """create function obligations_of_{table}(code text, ids uuid[]) returns table (record_id uuid, number text,
  audience uuid[], progress date, rule text, since date, own_due date, is_open boolean, done_on date)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query select t.id, t.number, t.audience, case when t.imported then o.since
      else greatest(o.since, {today}) end,
    o.rule, o.since, o.own_due, coalesce(o.is_open and o.since is not null and t.state <> 'voided', false), o.done_on
  from {table} t cross join lateral (values
    {rules}) o(rule, since, own_due, is_open, done_on)
  where t.jurisdiction = code and t.id = any (ids);
end $$"""
# Periods of one rule and day are counted once; a day that the record sets needs the rule alone.
OPENED = """  with w as materialized (select j.* from obligations_of_{table}(code, ids) j where j.is_open
      and not exists (select from obligation k where k.record_id = j.record_id and k.rule = j.rule
        and k.jurisdiction = code and k.closed_on is null)),
    p as materialized (select x.rule, x.since, d.* from (select distinct j.rule, j.since from w j) x
      cross join lateral deadline_for(code, x.rule, x.since, null, null, '{{}}') d)
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select code, '{path}', w.record_id, w.number, w.rule, w.since, w.own_due, p.policy_id,
      coalesce(w.own_due, p.due_on), w.own_due is null and p.provisional, coalesce(w.own_due, p.due_on) - p.warn_days,
      w.progress, w.progress + p.idle_days, w.audience
    from w join p on p.rule = w.rule and p.since = w.since
    order by w.record_id
    on conflict do nothing;"""
KEPT = """create function oblige_{table}(code text, ids uuid[], progressed date) returns void {kept} as $$
#variable_conflict use_column
begin
  with done as (
    update obligation o set closed_on = coalesce(w.done_on, {today}), paused_on = null, version = o.version + 1
      from obligations_of_{table}(code, ids) w
      where o.jurisdiction = code and o.record_id = w.record_id and o.rule = w.rule and o.closed_on is null
        and not w.is_open
      returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_before)
    select code, d.id, 'closed', {doer}, d.due_on from done d;
  with changed as (
    select k.id, k.due_on as before, w.since, w.own_due, w.audience, greatest(k.progress_on, progressed) as progress,
        k.own_due is distinct from w.own_due as reset, d.*
      from obligation k
      join obligations_of_{table}(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and w.is_open
      cross join lateral deadline_for(code, w.rule, w.since, w.own_due,
        case when k.own_due is not distinct from w.own_due then k.extended_until end,
        case when k.own_due is not distinct from w.own_due then k.paused else '{{}}' end) d
      where k.jurisdiction = code and k.closed_on is null
        and ((k.since, k.own_due) is distinct from (w.since, w.own_due)
          or k.audience <> w.audience or k.progress_on < progressed)
      order by k.id for update of k),
  done as (
    update obligation o set since = c.since, own_due = c.own_due, audience = c.audience, policy_id = c.policy_id,
        due_on = c.due_on, provisional = c.provisional, amber_from = c.due_on - c.warn_days,
        progress_on = c.progress, idle_from = c.progress + c.idle_days, version = o.version + 1,
        extended_until = case when not c.reset then o.extended_until end,
        paused = case when c.reset then '{{}}' else o.paused end
      from changed c where o.jurisdiction = code and o.id = c.id
      returning o.id, c.before, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, cause, due_before, due_after)
    select code, d.id, 'moved', {doer}, 'record', d.before, d.due_on from done d where d.before <> d.due_on;
  with again as (
    select distinct on (k.record_id, k.rule) k.id, greatest(k.progress_on, progressed) as progress, w.audience, d.*
      from obligation k
      join obligations_of_{table}(code, ids) w on k.record_id = w.record_id and k.rule = w.rule and k.since = w.since
        and k.own_due is not distinct from w.own_due and w.is_open
      cross join lateral deadline_for(code, k.rule, k.since, k.own_due, k.extended_until, k.paused) d
      where k.jurisdiction = code and k.closed_on is not null and not exists (select from obligation x
        where x.record_id = k.record_id and x.rule = k.rule and x.jurisdiction = code and x.closed_on is null)
      order by k.record_id, k.rule, k.opened_at desc),
  done as (
    update obligation o set closed_on = null, audience = g.audience, policy_id = g.policy_id, due_on = g.due_on,
        provisional = g.provisional, amber_from = g.due_on - g.warn_days, progress_on = g.progress,
        idle_from = g.progress + g.idle_days, version = o.version + 1
      from again g where o.jurisdiction = code and o.id = g.id returning o.id, o.due_on)
  insert into obligation_event (jurisdiction, obligation_id, kind, by, by_role, due_after)
    select code, d.id, 'reopened', {doer}, d.due_on from done d;
{opened}
end $$"""
# Of rows that were just inserted nothing is kept yet, and a few are taken as they are at hand: the rule is looked up in
# the statement, and the period counted by plain calls, and only where the record sets no day. As items of FROM the two
# functions would cost a create of an opinion 90 of 230 µs more, called or not. Many rows share their periods.
FEW = 20
NEW = """create function oblige_new_{table}() returns trigger {kept} as $$
declare
  code text;
  ids uuid[];
begin
  perform from changed offset {few};
  if found then
    for code, ids in select c.jurisdiction, array_agg(c.id) from changed c group by c.jurisdiction loop
{opened}
    end loop;
    return null;
  end if;
  insert into obligation (jurisdiction, record_type, record_id, record_number, rule, since, own_due, policy_id, due_on,
      provisional, amber_from, progress_on, idle_from, audience)
    select t.jurisdiction, '{path}', t.id, t.number, t.rule, t.since, t.own_due, t.policy_id, t.due_on, t.provisional,
      t.due_on - t.warn_days, t.progress, t.progress + t.idle_days, t.audience
    from (select t.jurisdiction, t.id, t.number, t.audience, o.rule, o.since, o.own_due, p.id as policy_id, p.warn_days,
          p.idle_days, case when t.imported then o.since else greatest(o.since, {today}) end as progress,
          coalesce(o.own_due, (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{{}}')).due_on) as due_on,
          o.own_due is null
            and (due_day(t.jurisdiction, o.since, p.amount, p.unit, p.roll, '{{}}')).provisional as provisional
        from changed t cross join lateral (values
    {rules}) o(rule, since, own_due, is_open, done_on)
          cross join lateral (select q.id, q.amount, q.unit, q.roll, q.warn_days, q.idle_days from deadline_policy q
            where q.rule = o.rule and q.replaced_at is null
              and q.jurisdiction in ('', left(t.jurisdiction, 2), left(t.jurisdiction, 4), t.jurisdiction)
              and q.valid_from <= o.since and (q.valid_to is null or q.valid_to >= o.since)
            order by length(q.jurisdiction) desc, q.valid_from desc limit 1) p
        where o.is_open and o.since is not null and t.state <> 'voided' offset 0) t
    order by t.id;
  return null;
end $$"""
CHANGED = """create function oblige_changed_{table}() returns trigger {kept} as $$
begin
  perform oblige_{table}(new.jurisdiction, array[new.id],
    case when old.state is distinct from new.state then {today} end);
  return null;
end $$"""
IMPORTED = """create function oblige_imported_{table}() returns trigger {kept} as $$
begin
  perform oblige_{table}(c.jurisdiction, array_agg(c.id), null) from changed c group by c.jurisdiction;
  return null;
end $$"""
# The records are locked first, so that a write of one of them that is under way is judged, too.
FOLLOWED = """create function {name}() returns trigger {kept} as $$
begin
  perform from {table} t where t.jurisdiction = new.jurisdiction and {match} order by t.id for share;
  perform oblige_{table}(new.jurisdiction, array_agg(t.id), null) from {table} t
    where t.jurisdiction = new.jurisdiction and {match} having count(*) > 0;
  return null;
end $$"""
# Of the next records after `last`, by their identifiers: those whose obligations are not as they should be are locked
# and judged again. `kept` is how many they were; `last` is null at the end.
SWEPT = """create function sweep_{table}_obligations(inout last uuid, most int, out kept int) {kept} as $$
declare
  code text;
  ids uuid[];
  wrong uuid[];
  next uuid;
begin
  kept := 0;
  select x.id into next from (
    select t.id from {table} t where last is null or t.id > last order by t.id limit most) x
    order by x.id desc limit 1;
  for code, ids in select t.jurisdiction, array_agg(t.id) from {table} t
      where (last is null or t.id > last) and t.id <= next group by t.jurisdiction loop
    select array_agg(distinct w.record_id) into wrong from obligations_of_{table}(code, ids) w
      left join obligation k on k.record_id = w.record_id and k.rule = w.rule and k.jurisdiction = code
        and k.closed_on is null
      where w.is_open <> (k.id is not null)
          and (k.id is not null or exists (select from policy_of(code, w.rule, w.since)))
        or w.is_open and ((k.since, k.own_due) is distinct from (w.since, w.own_due) or k.audience <> w.audience);
    if wrong is not null then
      perform from {table} t where t.jurisdiction = code and t.id = any (wrong) order by t.id for share;
      perform oblige_{table}(code, wrong, null);
      kept := kept + cardinality(wrong);
    end if;
  end loop;
  last := next;
end $$"""


def obligation_statements(t: RecordType, registry: Registry) -> Iterator[str]:
    """What keeps the obligations of a type; nothing for a type that declares none."""
    if not t.obligations:
        return
    yield "-- What they oblige to"
    columns = sorted({*_watched(t), "jurisdiction", "id", "number", "imported", "audience"})
    yield f"grant select ({listed(columns)}) on {t.table} to ledger_keeper"
    shared = {"table": t.table, "path": t.path, "kept": AS_KEEPER, "today": TODAY, "doer": DOER}
    opened = OPENED.format(**shared)
    rules = ",\n    ".join(map(_row, t.obligations))
    yield JUDGED.format(**shared, rules=rules)
    yield KEPT.format(**shared, opened=opened)
    for text in (NEW, CHANGED, IMPORTED, SWEPT):
        yield text.format(**shared, rules=rules, opened=opened, few=FEW)
    rows = f"{t.table} referencing new table as changed"
    changed = " or ".join(f"old.{c} is distinct from new.{c}" for c in sorted(_watched(t)))
    yield trigger("oblige_new", "after insert", rows, f"oblige_new_{t.table}", "statement")
    yield trigger(
        "oblige_changed",
        "after update",
        t.table,
        f"oblige_changed_{t.table}",
        condition=f"({changed}) and not {BY_IMPORT}",
    )
    yield trigger("oblige_imported", "after update", rows, f"oblige_imported_{t.table}", "statement", BY_IMPORT)
    yield f"grant execute on function sweep_{t.table}_obligations(uuid, int) to ledger_jobs"
    signatures = (
        f"obligations_of_{t.table}(text, uuid[])", f"oblige_{t.table}(text, uuid[], date)", f"oblige_new_{t.table}()",
        f"oblige_changed_{t.table}()", f"oblige_imported_{t.table}()", f"sweep_{t.table}_obligations(uuid, int)",
    )  # fmt: skip
    yield from map(given_to_keeper, signatures)


def _watched(t: RecordType) -> set[str]:
    return {"state", "audience", *(column for o in t.obligations for column in o.reads)}


def _row(o: Obligation) -> str:
    since, due, is_open, done = (sql.format("t") for sql in (o.since, o.due_on, o.is_open, o.done_on))
    return f"({quoted(o.rule)}, {since}, ({due})::date, {is_open}, ({done})::date)"


def obligation_dependencies(registry: Registry) -> Iterator[str]:
    """The triggers on records of other types that obligations look at: those that depend on them are judged again."""
    for t in registry:
        seen = {(d.type, d.match): d for o in t.obligations for d in o.looks_at}
        for n, dependency in enumerate(seen.values(), 1):
            other = registry.by_name[dependency.type]
            name = f"{t.table}_is_due_by_{other.table}_{n}"
            yield f"grant select ({listed(dependency.columns)}) on {other.table} to ledger_keeper"
            match = dependency.match.format("t")
            yield FOLLOWED.format(name=name, kept=AS_KEEPER, table=t.table, match=match)
            touched = " or ".join(f"old.{c} is distinct from new.{c}" for c in dependency.columns)
            yield trigger(name, "after update", other.table, name, condition=touched)
            yield given_to_keeper(f"{name}()")
