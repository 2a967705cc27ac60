"""Functions that find records whose state does not follow from what refers to them, and mend them.

An effect (`declare/lifecycle.py`) is applied by the write that causes it. If a write of before has missed one, nothing
else would ever bring it about. These functions are made from the same declarations: a record is out of step if a write
that should have moved it was the last of its kind on the record that refers to it, is younger than its own state, and
its transition would apply now.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.kernel.declare.lifecycle import VOIDED, Effect, Lifecycle, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.schema.statements import listed, quoted

CHANGES = ("change", "correct")  # what revisions call a write that is no transition
MENDER = "系统核对"  # who a revision says has mended a record; no account has such a name


@dataclass(frozen=True, slots=True)
class Due:
    """A write of a record of type `source`, and the transition of a record of type `target` that follows from it.

    actions   by which revisions tell of the write
    of_kind   by which revisions tell of any write that has an effect on the same reference
    arrow     the transition that was written; None of a creation, a voiding or a change
    moving    the columns of which one is changed by a write of the kind that is no transition
    """

    source: RecordType
    effect: Effect
    target: RecordType
    transition: Transition
    actions: tuple[str, ...]
    of_kind: tuple[str, ...]
    arrow: Transition | None
    voids: bool
    moving: tuple[str, ...] = field(default=())

    @property
    def moved(self) -> str:
        """SQL for whether the revision `r` tells of a change of one of these columns from the revision `p`."""
        changed = (f"p.snapshot -> '{c}' is distinct from r.snapshot -> '{c}'" for c in self.moving)
        return f"(r.action in ({_texts(CHANGES)}) and ({' or '.join(changed)}))"


def _writes(lifecycle: Lifecycle) -> Iterator[tuple[tuple[str, ...], Effect, Transition | None]]:
    for effect in lifecycle.effects_on_create:
        yield ("create", "import") if effect.in_import else ("create",), effect, None
    for effect in lifecycle.effects_on_void:
        yield ("void",), effect, None
    for effect in lifecycle.effects_on_change:
        yield CHANGES, effect, None
    for arrow in lifecycle.transitions:
        for effect in arrow.effects:
            yield (arrow.action,), effect, arrow


def _moving(t: RecordType, reference: str) -> tuple[str, ...]:
    """The columns that a change of this reference, or of what its effects depend on, changes."""
    effects = [e for e in t.lifecycle.effects_on_change if e.reference == reference]
    columns = [t.reference(reference).id_column, *(e.when.column for e in effects if e.when)]
    return tuple(dict.fromkeys(c for c in columns if c in t.columns)) if effects else ()


def effects_due(registry: Registry) -> Iterator[Due]:
    """Every effect that moves a record to another state, or fills columns of it with those of what causes it."""
    for t in registry:
        writes = [(*w, registry.by_path[t.reference(w[1].reference).to]) for w in _writes(t.lifecycle)]
        moving = [w for w in writes if w[3].lifecycle.transition(w[1].action).to or {*w[1].values} & {*w[3].columns}]
        for actions, effect, arrow, target in moving:
            same = [others for others, e, _, _ in moving if e.reference == effect.reference and others != CHANGES]
            of_kind = tuple(sorted({a for others in same for a in others}))
            transition, voids = target.lifecycle.transition(effect.action), actions == ("void",)
            columns = _moving(t, effect.reference)
            yield Due(t, effect, target, transition, actions, of_kind, arrow, voids, columns)


def _texts(values: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, values))


def _last_write(due: Due, column: str) -> str:
    before = f"left join revision p on {_BEFORE}" if due.moving else ""
    of_kind = f"r.action in ({_texts(due.of_kind)})"
    return (
        f"(select r.{column} from revision r {before}\n"
        f"      where r.jurisdiction = c.jurisdiction and r.record_id = c.id and r.record_type = '{due.source.path}'\n"
        f"      and {f'({of_kind} or {due.moved})' if due.moving else of_kind} order by r.version desc limit 1)"
    )


def _found(due: Due) -> str:
    """The query of the records that one effect should have moved."""
    if due.effect.leaving:
        return _left(due)
    f, effect, x = due.source.reference(due.effect.reference), due.effect, due.transition
    values = ", ".join(f"'{own}', c.{other}" for own, other in effect.values.items())
    where = [
        "($1 is null or t.id = $1)",
        f"t.state in ({_texts(x.origins)})",
        f"c.state {'=' if due.voids else '<>'} '{VOIDED}'",
        f"{_last_write(due, 'action')} in ({_texts(due.actions)})",
    ]
    if due.arrow and due.arrow.partial:  # else it was a part of the list, and what remains was not concerned
        where.append(f"c.state = '{due.arrow.to}'")
    if effect.when:
        where.append(effect.when.sql("c"))
    if x.only_if:
        where.append(f"({x.only_if})")
    if not effect.lasting:
        where.append(f"{_last_write(due, 'seq')} > {_SINCE.format(path=due.target.path)}")
    conditions = "\n      and ".join(where)
    return (
        f"{_SELECT.format(target=due.target.path, action=x.action, source=due.source.path)}\n"
        f"    from {due.source.table} c join {due.target.table} t on t.jurisdiction = c.jurisdiction\n"
        f"      and t.id = {f'any (c.{f.id_column})' if f.many else f'c.{f.id_column}'}\n"
        f"    cross join lateral (select jsonb_build_object({values}) as values) s\n"
        f"    where {conditions}"
    )


def _left(due: Due) -> str:
    """The query of the records that others have left, and that should have been moved by it."""
    x, column = due.transition, due.source.reference(due.effect.reference).id_column
    judged = f"\n      and ({x.only_if})" if x.only_if else ""
    return (
        f"{_SELECT.format(target=due.target.path, action=x.action, source=due.source.path)}\n"
        f"    from revision r join revision p on {_BEFORE}\n"
        f"    join {due.target.table} t on t.jurisdiction = r.jurisdiction\n"
        f"      and t.id = (p.snapshot ->> '{column}')::uuid\n"
        f"    join {due.source.table} c on c.jurisdiction = r.jurisdiction and c.id = r.record_id\n"
        f"    where r.record_type = '{due.source.path}' and ($1 is null or t.id = $1)\n"
        f"      and {due.moved} and c.{column} is distinct from t.id\n"
        f"      and t.state in ({_texts(x.origins)}) and r.seq > {_SINCE.format(path=due.target.path)}{judged}"
    )


_SELECT = """    select '{target}' as record_type, t.jurisdiction, t.id, t.number, t.state, '{action}' as action,
      '{source}' as cause_type, c.id as cause_id, c.number as cause_number"""
_BEFORE = """p.jurisdiction = r.jurisdiction and p.record_type = r.record_type
      and p.record_id = r.record_id and p.version = r.version - 1"""

# The place, in the order of all revisions, of the one by which the record `t` came into its present state.
_SINCE = """(select min(r.seq) from revision r
      where r.jurisdiction = t.jurisdiction and r.record_type = '{path}' and r.record_id = t.id
        and r.version > coalesce((select max(o.version) from revision o where o.jurisdiction = t.jurisdiction
          and o.record_type = '{path}' and o.record_id = t.id and o.state is distinct from t.state), 0))"""

_COLUMNS = """record_type text, jurisdiction text, id uuid, number text, state text, action text,
  cause_type text, cause_id uuid, cause_number text"""
_KEEPERS = "security definer\n  set search_path = public, pg_temp"

_MEND = """create function mend_records() returns table ({columns}) language plpgsql volatile {kept} as $$
#variable_conflict use_column
declare
  step record;
begin
  for step in select * from records_out_of_step() loop
    perform set_config('ledger.caller', jsonb_build_object('sub', '{mender}', 'action', step.action,
      'reason', concat_ws(' ', '核对补记：' || case step.cause_type{labels} end, step.cause_number),
      'cause', jsonb_build_object('type', step.cause_type, 'id', step.cause_id))::text, true);
{branches}
  end loop;
end $$"""

# Locked first, then looked at anew: a service may just have moved the record itself.
_BRANCH = """    if (step.record_type, step.action, step.cause_type)
        = ('{target.path}', '{action}', '{source.path}') then
      perform from {target.table} t where t.jurisdiction = step.jurisdiction and t.id = step.id for no key update;
      if exists (select from records_out_of_step(step.id)) then
        update {target.table} t set {sets}
          from {source.table} c where t.jurisdiction = step.jurisdiction and t.id = step.id
            and c.jurisdiction = step.jurisdiction and c.id = step.cause_id;
        return query select step.record_type, step.jurisdiction, step.id, step.number, step.state, step.action,
          step.cause_type, step.cause_id, step.cause_number;
      end if;
    end if;"""


def _branch(due: Due) -> str:
    x = due.transition
    sets = {"version": "t.version + 1", "updated_at": "now()", "updated_by": f"'{MENDER}'", "updated_by_role": "null"}
    sets |= {"state": f"'{x.to}'"} if x.to else {}
    sets |= dict.fromkeys(x.clears, "null")
    sets |= {own: f"c.{other}" for own, other in due.effect.values.items() if own in due.target.columns}
    changed = ",\n          ".join(f"{column} = {value}" for column, value in sets.items())
    return _BRANCH.format(target=due.target, source=due.source, action=x.action, sets=changed)


def following_statements(registry: Registry) -> Iterator[str]:
    """The functions, which belong to the keeper and are called by the jobs of the service alone, and their rights."""
    dues = tuple(effects_due(registry))
    for due in {(d.source.table, d.target.table): d for d in dues}.values():
        yield f"grant select on {due.source.table}, {due.target.table} to ledger_keeper"
    for target in {d.target.table: d.target for d in dues}.values():
        changed = {c for d in dues if d.target is target for c in (*d.transition.clears, *d.effect.values)}
        columns = ("version", "updated_at", "updated_by", "updated_by_role", *sorted(changed & {*target.columns}))
        yield f"grant update ({listed(columns)})\n  on {target.table} to ledger_keeper"
    yield "grant select (seq, state, snapshot) on revision to ledger_keeper"
    found = "\n    union all\n".join(map(_found, dues))
    yield (
        f"create function records_out_of_step(only_id uuid default null) returns table ({_COLUMNS})\n"
        f"  language sql stable {_KEEPERS} as $$\n"
        f"  select distinct on (x.record_type, x.id) x.* from (\n{found}) x\n"
        f"  order by x.record_type, x.id, x.cause_type, x.cause_id $$"
    )
    labels = "".join(f" when '{path}' then {quoted(registry.by_path[path].label)}" for path in _sources(dues))
    branches = "\n".join(map(_branch, {(d.source.path, d.transition.action): d for d in dues}.values()))
    yield _MEND.format(columns=_COLUMNS, kept=_KEEPERS, mender=MENDER, labels=labels, branches=branches)
    for function in ("records_out_of_step(uuid)", "mend_records()"):
        yield f"grant execute on function {function} to ledger_jobs"
        yield f"alter function {function} owner to ledger_keeper"


def _sources(dues: tuple[Due, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(d.source.path for d in dues))
