"""The statements that write records: the same text for one row and for a hundred thousand, with another row source.

A row source is a relation with the columns
    id, jurisdiction, version, number, state, values (jsonb, stored form), imported, line
A source of new rows may give columns one by one, each as `v_<column>` of its own type, instead of in `values`.
An insert resolves the references, numbers the record, inserts it and returns its document in one statement. Either all
of it happens or nothing does, so no reference is left dangling.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.db.context import GUARD
from app.kernel.declare.fields import Field, Reference
from app.kernel.declare.lifecycle import Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.sql.arrays import SHORT_LOCK_TIMEOUT, given_sql, record_sql
from app.kernel.sql.entries import added
from app.kernel.sql.projection import RoleView, answer_sql, reads_others
from app.kernel.sql.reference_joins import ReferenceInputs, locks_references, resolved_sql

ROW = ", to_jsonb(w)::text as row"
COUNT = "count"  # in the place of ROW: return how many rows were written

SINGLE_SOURCE = """select $2::uuid as id, $3::text as jurisdiction, $4::int as version, $5::text as number,
    $6::text as state, $7::jsonb as values, false as imported, null::jsonb as line"""
# Several changes of one kind, as the batcher sends them.
MANY_CHANGED = f"""select x.id, null::text as jurisdiction, x.version, null::text as number, null::text as state,
    x.values, null::jsonb as line from unnest($2::uuid[], $3::int[], $4::jsonb[]) x(id, version, values)
  where {SHORT_LOCK_TIMEOUT}"""

# Who writes a new row, and in which role.
_BY = "(select caller_context() ->> 'sub'), (select caller_context() ->> 'role')"
# The number of a row: its place among the rows for which the series was raised by one statement.
_DRAWN = """(drawn.last - count(*) over (partition by series)
    + row_number() over (partition by series order by resolved.id))::int"""


def _stored(f: Field, inputs: ReferenceInputs) -> Iterable[tuple[str, str]]:
    """(column, SQL) of a field in an inserted row. A reference that is not given is left out, and so are its copies."""
    if isinstance(f, Reference) or f.copied:
        name = f.copied[0] if f.copied else f.name
        return [(c, f"resolved.{c}") for c in f.columns] if name in inputs.names else []
    return [(c, f"v.{c}") for c in f.columns]


def _answer(view: RoleView, t: RecordType, row: str) -> str:
    if row == COUNT:
        return "select count(*) from written"
    sql = answer_sql(view, t, "w", row).format(source="written")
    # A document that reads other records needs a caller guard above those scans: the one in `written` is not.
    return f"{sql} where {GUARD}" if reads_others(view, t) else sql


@lru_cache(maxsize=4096)
def insert_sql(
    t_name: str,
    view: RoleView,
    inputs: ReferenceInputs,
    numbered: bool,
    source: str = SINGLE_SOURCE,
    row: str = "",
    typed: tuple[str, ...] = (),
    beside: str = "",
) -> str:
    """The INSERT of records from a row source.

    numbered   the source gives the numbers; otherwise they are drawn from the series
    row        ROW where effects need the whole row, COUNT where only the number of rows is returned
    typed      columns that the source gives one by one: 100 µs a row instead of 135 out of jsonb
    beside     a further CTE over the rows of `resolved`
    A request locks the records it refers to, where the caller may. An import (COUNT) has locked them before.
    """
    registry = view.registry
    t = registry.by_name[t_name]
    stored = [pair for f in t.fields for pair in _stored(f, inputs)]
    columns = ", ".join(c for c, _ in stored)
    values = ", ".join(v for _, v in stored)
    number = "resolved.number" if numbered else f"business_number(resolved.series, {_DRAWN}, {t.numbering.digits})"
    drawn = "" if numbered else " join drawn using (jurisdiction, series)"
    own = [c for c, v in stored if v == f"v.{c}"]
    lock = row != COUNT and locks_references(view, t, inputs)
    given = f"{given_sql(t, typed)} v" if typed else record_sql(t, (*own, "note"), "resolved.values")
    bulk = source != SINGLE_SOURCE
    resolved = resolved_sql(t, registry, inputs, bulk, lock, not bulk, typed, inserts=True)
    return f"""with source as ({source}), {resolved}{_drawing(t, numbered, row == COUNT)},
written as (insert into {t.table} (jurisdiction, id, number, version, state, {columns}, note, imported, ledger_line,
    created_at, created_by, created_by_role, updated_at, updated_by, updated_by_role)
  select resolved.jurisdiction, resolved.id, {number}, 1, resolved.state, {values}, v.note, resolved.imported,
    resolved.line, now(), {_BY}, now(), {_BY}
  from resolved{drawn}, {given} returning {1 if row == COUNT else "*"}){beside}
{_answer(view, t, row)}"""


def _drawing(t: RecordType, numbered: bool, raised: bool) -> str:
    if t.numbering.formula or raised:
        return ""
    if numbered:  # a given number raises its series, so that the next number drawn lies above it
        return """, raised as (insert into number_series as s (jurisdiction, series, last)
  select jurisdiction, series, max(substring(number from '[0-9]{1,9}$')::int) from resolved
  where number ~ ('^' || series || '[0-9]{1,9}$') group by 1, 2 order by 1, 2
  on conflict (jurisdiction, series) do update set last = greatest(s.last, excluded.last))"""
    return """, drawn as (insert into number_series as s (jurisdiction, series, last)
  select jurisdiction, series, count(*) from resolved group by 1, 2 order by 1, 2
  on conflict (jurisdiction, series) do update set last = s.last + excluded.last
  returning s.jurisdiction, s.series, s.last)"""


@dataclass(frozen=True)
class UpdateSpec:
    """What an UPDATE does: the columns it takes from `values`, and what a transition adds.

    each_its_own   the rows of a bulk source differ in the columns they give
    while_in       the states in which the caller may write; empty means every state
    """

    columns: tuple[str, ...]
    inputs: ReferenceInputs
    transition: Transition | None = None
    to: str | None = None
    origins: tuple[str, ...] | None = None
    each_its_own: bool = False
    check_version: bool = True
    skip_unchanged: bool = True
    while_in: tuple[str, ...] = ()


def _members(t: RecordType, spec: UpdateSpec) -> list[str]:
    """The members that are given: fields by their names, and the note."""
    names = {*spec.inputs.names, *spec.inputs.cleared}
    return [f.name for f in t.fields if f.name in names or f.name in spec.columns] + [
        c for c in spec.columns if c == "note"
    ]


def _assignments(t: RecordType, registry: Registry, spec: UpdateSpec) -> dict[str, str]:
    sets = {c: f"s.v_{c}" for c in spec.columns}
    for name in spec.inputs.cleared:
        sets |= dict.fromkeys(t.reference(name).columns, "null")
    for name in spec.inputs.names:
        sets |= {c: f"s.{c}" for c in t.reference(name).columns}
        for copy in (f for f in t.fields if f.copied and f.copied[0] == name):
            sets |= {c: f"s.{c}" for c in copy.columns}
    if spec.each_its_own:
        sets = {c: f"case when {_gives(t, c, spec)} then {v} else t.{c} end" for c, v in sets.items()}
    if spec.transition:
        sets |= dict.fromkeys(spec.transition.clears, "null")
        sets |= added(t, spec.transition, sets)
        sets |= dict(spec.transition.derives)
    return sets


def _gives(t: RecordType, column: str, spec: UpdateSpec) -> str:
    """SQL for whether a bulk row gives this column. A reference's columns and its copies count as one."""
    for name in spec.inputs.names:
        f = t.reference(name)
        copies = [c for x in t.fields if x.copied and x.copied[0] == name for c in x.columns]
        if column in f.columns or column in copies:
            return f"s.values ? '{f.id_column}'"
    return f"s.values ? '{column}'"


def _state(spec: UpdateSpec) -> str:
    """SQL of the state that an UPDATE sets."""
    state = f"'{spec.to}'" if spec.to else "coalesce(s.state, t.state)"
    outcomes = spec.transition.outcomes if spec.transition else ()
    cases = " ".join(f"when {rule} then '{to}'" for to, rule in outcomes)
    return f"case {cases} else {state} end" if cases else state


@lru_cache(maxsize=4096)
def update_sql(t_name: str, view: RoleView, spec: UpdateSpec, source: str = SINGLE_SOURCE, row: str = "") -> str:
    """The UPDATE of records from a row source: each from the version that its source row names, or not at all."""
    registry = view.registry
    t = registry.by_name[t_name]
    sets = _assignments(t, registry, spec)
    taken = "".join(f", v.{c} as v_{c}" for c in spec.columns)
    where = [
        GUARD,
        "t.id = s.id",
        "t.state <> 'voided'",
        "t.jurisdiction = coalesce(s.jurisdiction, t.jurisdiction)",
    ]
    where += [f"s.{name}_jurisdiction = t.jurisdiction" for name in spec.inputs.names if not spec.each_its_own]
    if spec.check_version:
        where.append("t.version = s.version")
    if spec.origins is not None:
        where.append(f"t.state in ({', '.join(repr(o) for o in spec.origins) or 'null'})")
    if spec.while_in:
        where.append(f"t.state in ({', '.join(repr(s) for s in spec.while_in)})")
    if spec.transition and spec.transition.only_if:
        where.append(f"({spec.transition.only_if})")
    if spec.skip_unchanged and (shown := view.may_replace(t, _members(t, spec))):
        where.append(shown)
    if spec.skip_unchanged:
        old, new = ", ".join(f"t.{c}" for c in sets), ", ".join(sets.values())
        where.append(f"(row({old}) is distinct from row({new}) or coalesce(s.state, t.state) <> t.state)")
    assignments = "".join(f", {c} = {v}" for c, v in sets.items())
    resolved, origin = "", "source"
    if spec.inputs.given:
        resolved, origin = resolved_sql(t, registry, spec.inputs, source != SINGLE_SOURCE) + ",", "resolved"
    return f"""with source as ({source}), {resolved}
given as (select {origin}.*{taken} from {origin}, {record_sql(t, spec.columns, f"{origin}.values")}),
written as (update {t.table} t set version = t.version + 1, updated_at = now(), updated_by = caller_context() ->> 'sub',
    updated_by_role = caller_context() ->> 'role', state = {_state(spec)}, 
    ledger_line = coalesce(s.line, t.ledger_line){assignments}
  from given s where {" and ".join(where)} returning t.*)
{_answer(view, t, row)}"""
