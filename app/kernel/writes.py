"""The statements that write records. One row or a hundred thousand: the same text, with another source of rows.

A source is a relation with the columns
    id, jurisdiction, version, number, state, values (jsonb, stored form), imported, line
A source of new rows may give the columns one by one, each `v_<column>` of its own type, and not in `values`.
Creating resolves the references, numbers the record, inserts it and answers the document in one statement: either all
of it happens or nothing does, and no reference can be left dangling.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from app.db.context import GATE
from app.kernel.bulk import column_type, counted_sql, given_sql
from app.kernel.documents import answer_sql
from app.kernel.fields import Field, Reference
from app.kernel.lifecycle import Transition
from app.kernel.record_type import RecordType, Registry

ROW = ", to_jsonb(w)::text as row"
COUNT = "count"  # in the place of ROW: answer how many rows were written, and the highest number of each series

SINGLE_SOURCE = """select $2::uuid as id, $3::text as jurisdiction, $4::int as version, $5::text as number,
    $6::text as state, $7::jsonb as values, false as imported, null::jsonb as line"""


@dataclass(frozen=True)
class Spelling:
    """How the rows of a source give their references: field name -> 'id', 'number', 'both' in `values`, 'column'."""

    given: tuple[tuple[str, str], ...]
    cleared: tuple[str, ...] = ()
    optional: frozenset[str] = field(default_factory=frozenset)

    def names(self) -> set[str]:
        """The references that are looked up."""
        return {name for name, _ in self.given}


def _one_join(registry: Registry, f: Reference, how: str, optional: bool) -> str:
    target, alias = registry.by_path[f.to].table, f"r_{f.name}"
    match = {
        "id": f"{alias}.id = source.id_of_{f.name}",
        "number": f"{alias}.number = source.number_of_{f.name}",
    }
    condition = " and ".join(match.values()) if how == "both" else match["number" if how == "number" else "id"]
    kind = "left join" if optional else "join"
    return (
        f"{kind} {target} {alias} on {alias}.jurisdiction = coalesce(source.jurisdiction, {alias}.jurisdiction)"
        f" and {condition} and {alias}.state <> 'voided'"
    )


def _many_join(registry: Registry, t: RecordType, f: Reference, how: str) -> str:
    # A changed record's jurisdiction is its own: the source of a change does not name it.
    code = f"coalesce(source.jurisdiction, (select own.jurisdiction from {t.table} own where own.id = source.id))"
    target, alias = registry.by_path[f.to].table, f"r_{f.name}"
    member, column = (f.number_column, "number") if how == "number" else (f.id_column, "id")
    value = "e.x" if how == "number" else "e.x::uuid"
    return (
        f"cross join lateral (select array_agg(x.id order by e.n) as id, array_agg(x.number order by e.n) as number,"
        f" min(x.jurisdiction) as jurisdiction, count(distinct x.id) as found"
        f" from jsonb_array_elements_text(case when jsonb_typeof(source.values -> '{member}') = 'array'"
        f" then source.values -> '{member}' end) with ordinality e(x, n)"
        f" join {target} x on x.jurisdiction = {code} and x.{column} = {value} and x.state <> 'voided'"
        f") {alias}"
    )


def _complete(f: Reference, how: str, optional: bool) -> str:
    member = f.number_column if how == "number" else f.id_column
    if not f.many:
        if how == "column":
            return f"(source.id_of_{f.name} is null or r_{f.name}.id is not null)" if optional else "true"
        return f"(source.values ->> '{member}' is null or r_{f.name}.id is not null)" if optional else "true"
    found = f"coalesce(jsonb_array_length(nullif(source.values -> '{member}', 'null')), 0) = r_{f.name}.found"
    both = f" and to_jsonb(r_{f.name}.number) = source.values -> '{f.number_column}'" if how == "both" else ""
    return found + both


def copied_columns(t: RecordType, registry: Registry, f: Field) -> list[tuple[str, str]]:
    """(own column, SQL over the joined reference) of a field that is taken over from a referenced record."""
    assert f.copied
    reference, name = f.copied
    source = registry.by_path[t.reference(reference).to].field(name)
    return [(own, f"r_{reference}.{other}") for own, other in zip(f.columns, source.columns, strict=True)]


def _series(t: RecordType, jurisdiction: str) -> str:
    numbering = t.numbering
    if numbering.within == "jurisdiction":
        return f"{jurisdiction} || '-{numbering.letter}'"
    column = "number" if numbering.via == "round" else "round_number"
    return f"r_{numbering.via}.{column} || '-{numbering.letter}-'"


def resolved_sql(t: RecordType, registry: Registry, spelling: Spelling) -> str:
    """The source rows with what their references stand for; a row whose reference is not found falls out."""
    joins, conditions, columns, keys = [], [GATE], ["source.*"], []
    for name, how in spelling.given:
        f = t.reference(name)
        if not f.many:
            given = f"source.v_{f.id_column}" if how == "column" else f"(source.values ->> '{f.id_column}')::uuid"
            keys += [f"{given} as id_of_{name}"] if how != "number" else []
            keys += [f"source.values ->> '{f.number_column}' as number_of_{name}"] if how in ("number", "both") else []
        optional = name in spelling.optional
        joins.append(_many_join(registry, t, f, how) if f.many else _one_join(registry, f, how, optional))
        conditions.append(_complete(f, how, optional))
        columns.append(f"r_{name}.id as {f.id_column}, r_{name}.number as {f.number_column}")
        columns.append(f"r_{name}.jurisdiction as {name}_jurisdiction")
        for copy in (c for c in t.fields if c.copied and c.copied[0] == name):
            columns += [f"{sql} as {own}" for own, sql in copied_columns(t, registry, copy)]
    if not t.numbering.formula and (t.numbering.within == "jurisdiction" or t.numbering.via in spelling.names()):
        columns.append(f"{_series(t, 'source.jurisdiction')} as series")
    # offset 0: keys are taken from the jsonb once a row of an import, not once for each record it is compared with.
    source = f"(select source.*, {', '.join(keys)} from source offset 0) source" if keys else "source"
    return (
        f"resolved as materialized (select {', '.join(columns)} from {source} {' '.join(joins)}"
        f" where {' and '.join(conditions)})"
    )


def _stored(t: RecordType, f: Field, spelling: Spelling) -> Iterable[tuple[str, str]]:
    """(column, SQL) of a field in an inserted row."""
    if isinstance(f, Reference) and f.copied is None:
        present = f.name in spelling.names()
        return [(c, f"resolved.{c}" if present else "null") for c in f.columns]
    if f.copied:
        present = f.copied[0] in spelling.names()
        return [(c, f"resolved.{c}" if present else "null") for c in f.columns]
    return [(c, f"v.{c}") for c in f.columns]


def _answer(t: RecordType, row: str) -> str:
    return "select count(*) from written" if row == COUNT else answer_sql(t, "w", row).format(source="written")


@lru_cache(maxsize=4096)
def insert_sql(
    t_name: str,
    registry: Registry,
    spelling: Spelling,
    numbered: bool,
    source: str = SINGLE_SOURCE,
    row: str = "",
    typed: tuple[str, ...] = (),
) -> str:
    """Creates records. `numbered`: the source gives the numbers; otherwise they are drawn from the series.

    `row` is ROW where what the write brings about in other records needs the whole row. `typed` are the columns that
    the source gives one by one: a third less work than a row's `values` out of jsonb (measured 100 instead of 135 µs).
    """
    t = registry.by_name[t_name]
    stored = [pair for f in t.fields for pair in _stored(t, f, spelling)]
    columns = ", ".join(c for c, _ in stored)
    values = ", ".join(f"{v}::{column_type(t, c)}" if v == "null" else v for c, v in stored)
    number = "resolved.number" if numbered else f"ledger_number(resolved.series, drawn.last, {t.numbering.digits})"
    drawn = "" if numbered else ", drawn"
    return f"""with source as ({source}), {resolved_sql(t, registry, spelling)}{_drawing(t, numbered, row == COUNT)},
written as (insert into {t.table} (jurisdiction, id, number, version, state, {columns}, note, imported, ledger_line,
    created_at, created_by, updated_at, updated_by)
  select resolved.jurisdiction, resolved.id, {number}, 1, resolved.state, {values}, v.note, resolved.imported,
    resolved.line, now(), (select ledger_caller() ->> 'sub'), now(), (select ledger_caller() ->> 'sub')
  from resolved{drawn}, {given_sql(t, typed)} v returning {1 if row == COUNT else "*"})
{counted_sql(t) if row == COUNT else _answer(t, row)}"""


def _drawing(t: RecordType, numbered: bool, raised: bool) -> str:
    if t.numbering.formula or raised:
        return ""
    if numbered:  # a given number moves its series on, so that the next one drawn lies above it
        return """, raised as (insert into number_series as s (jurisdiction, series, last)
  select jurisdiction, series, max(substring(number from '[0-9]{1,9}$')::int) from resolved
  where number ~ ('^' || series || '[0-9]{1,9}$') group by 1, 2
  on conflict (jurisdiction, series) do update set last = greatest(s.last, excluded.last))"""
    return """, drawn as (insert into number_series as s (jurisdiction, series, last)
  select jurisdiction, series, 1 from resolved
  on conflict (jurisdiction, series) do update set last = s.last + 1 returning last)"""


@dataclass(frozen=True)
class Change:
    """What an UPDATE does: which columns it takes from `values`, and what a transition adds."""

    columns: tuple[str, ...]
    spelling: Spelling
    transition: Transition | None = None
    to: str | None = None
    origins: tuple[str, ...] | None = None
    each_its_own: bool = False  # rows of a bulk source differ in the columns they give
    check_version: bool = True
    skip_unchanged: bool = True


def _assignments(t: RecordType, registry: Registry, change: Change) -> dict[str, str]:
    sets = {c: f"s.v_{c}" for c in change.columns}
    for name in change.spelling.cleared:
        sets |= dict.fromkeys(t.reference(name).columns, "null")
    for name in change.spelling.names():
        sets |= {c: f"s.{c}" for c in t.reference(name).columns}
        for copy in (f for f in t.fields if f.copied and f.copied[0] == name):
            sets |= {c: f"s.{c}" for c in copy.columns}
    if change.each_its_own:
        sets = {c: f"case when {_gives(t, c, change)} then {v} else t.{c} end" for c, v in sets.items()}
    if change.transition:
        sets |= dict.fromkeys(change.transition.clears, "null")
        sets |= dict(change.transition.derives)
    return sets


def _gives(t: RecordType, column: str, change: Change) -> str:
    """Whether a bulk row gives this column (a reference's columns go together, copied ones go with them)."""
    for name in change.spelling.names():
        f = t.reference(name)
        copies = [c for x in t.fields if x.copied and x.copied[0] == name for c in x.columns]
        if column in f.columns or column in copies:
            return f"s.values ? '{f.id_column}'"
    return f"s.values ? '{column}'"


@lru_cache(maxsize=4096)
def update_sql(t_name: str, registry: Registry, change: Change, source: str = SINGLE_SOURCE, row: str = "") -> str:
    """Changes records, each from the version its source row names, or not at all."""
    t = registry.by_name[t_name]
    sets = _assignments(t, registry, change)
    taken = "".join(f", v.{c} as v_{c}" for c in change.columns)
    where = [GATE, "t.id = s.id", "t.state <> 'voided'", "t.jurisdiction = coalesce(s.jurisdiction, t.jurisdiction)"]
    where += [f"s.{name}_jurisdiction = t.jurisdiction" for name in change.spelling.names() if not change.each_its_own]
    if change.check_version:
        where.append("t.version = s.version")
    if change.origins is not None:
        where.append(f"t.state in ({', '.join(repr(o) for o in change.origins) or 'null'})")
    if change.transition and change.transition.only_if:
        where.append(f"({change.transition.only_if})")
    if change.skip_unchanged:
        old, new = ", ".join(f"t.{c}" for c in sets), ", ".join(sets.values())
        where.append(f"(row({old}) is distinct from row({new}) or coalesce(s.state, t.state) <> t.state)")
    state = f"'{change.to}'" if change.to else "coalesce(s.state, t.state)"
    assignments = "".join(f", {c} = {v}" for c, v in sets.items())
    return f"""with source as ({source}), {resolved_sql(t, registry, change.spelling)},
given as (select resolved.*{taken} from resolved, jsonb_populate_record(null::{t.table}, resolved.values) v),
written as (update {t.table} t set version = t.version + 1, updated_at = now(), updated_by = ledger_caller() ->> 'sub',
    state = {state}, ledger_line = coalesce(s.line, t.ledger_line){assignments}
  from given s where {" and ".join(where)} returning t.*)
{_answer(t, row)}"""
