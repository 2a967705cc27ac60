"""The joins that resolve references, as the caller, in the very statement that writes the rows.

An import that resolved a reference while it checked the row, for a caller who sees every record of that type, does not
resolve it again (RESOLVED). A record that is absent or voided by then is refused all the same: by the lock that the
import takes on it, or by the trigger that holds references.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from app.db.context import GUARD
from app.kernel.declare.fields import Field, Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.sql.entries import named_join
from app.kernel.sql.numbering import series_sql
from app.kernel.sql.projection import RoleView

ENTRIES = "entries"  # by entries, each of which names its record in its own way
RESOLVED = "resolved"  # identifier and number are both given, and nothing is joined


@dataclass(frozen=True)
class ReferenceInputs:
    """How the rows of a source give their references: (field name, 'id' | 'number' | 'both' | ENTRIES | RESOLVED).

    optional   references that a row may leave out
    """

    given: tuple[tuple[str, str], ...]
    cleared: tuple[str, ...] = ()
    optional: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def names(self) -> frozenset[str]:
        """The references that are given."""
        return frozenset(name for name, _ in self.given)

    @cached_property
    def joined(self) -> frozenset[str]:
        """The references that are joined."""
        return frozenset(name for name, how in self.given if how != RESOLVED)


def _keys(f: Reference, how: str, typed: Container[str]) -> dict[str, str]:
    """The keys by which a source row names one record: 'id' or 'number' or both, each with its SQL."""
    keys = {"id": f"(source.values ->> '{f.id_column}')::uuid", "number": f"source.values ->> '{f.number_column}'"}
    columns = {"id": f.id_column, "number": f.number_column}
    keys = {key: f"source.v_{c}" if (c := columns[key]) in typed else sql for key, sql in keys.items()}
    return keys if how == "both" else {how: keys[how]}


def _one_join(registry: Registry, f: Reference, keys: Mapping[str, str], optional: bool, code: str, live: str) -> str:
    target, alias = registry.by_path[f.to].table, f"r_{f.name}"
    condition = " and ".join(f"{alias}.{column} = {key}" for column, key in keys.items())
    kind = "left join" if optional else "join"
    return f"{kind} {target} {alias} on {alias}.jurisdiction = {code.format(alias)} and {condition} and {live}"


def _many_join(registry: Registry, t: RecordType, f: Reference, how: str, live: str) -> str:
    target, alias = registry.by_path[f.to].table, f"r_{f.name}"
    # The source of a change names no jurisdiction: it is that of the changed record.
    code = f"coalesce(source.jurisdiction, (select own.jurisdiction from {t.table} own where own.id = source.id))"
    if how == ENTRIES:
        return named_join(f, target, code, live)
    member, column = (f.number_column, "number") if how == "number" else (f.id_column, "id")
    value = "e.x" if how == "number" else "e.x::uuid"
    return (
        f"cross join lateral (select array_agg(x.id order by e.n) as id, array_agg(x.number order by e.n) as number,"
        f" min(x.jurisdiction) as jurisdiction, count(distinct x.id) as found"
        f" from jsonb_array_elements_text(case when jsonb_typeof(source.values -> '{member}') = 'array'"
        f" then source.values -> '{member}' end) with ordinality e(x, n)"
        f" join {target} x on x.jurisdiction = {code} and x.{column} = {value} and {live}"
        f") {alias}"
    )


def _live(registry: Registry, f: Reference, inserts: bool) -> str:
    """SQL for whether the joined record may be referred to.

    A new row names none that has a successor. Of a change, the trigger that holds references asks for that: it knows
    what the old row has named.
    """
    alias = "x" if f.many else f"r_{f.name}"
    return registry.by_path[f.to].referable(alias) if inserts else f"{alias}.state <> '{VOIDED}'"


def _complete(f: Reference, how: str, optional: bool, typed: Container[str]) -> str:
    member = f.number_column if how == "number" else f.id_column
    if not f.many:
        member = f"source.v_{member}" if member in typed else f"source.values ->> '{member}'"
        return f"({member} is null or r_{f.name}.id is not null)" if optional else ""
    found = f"coalesce(jsonb_array_length(nullif(source.values -> '{member}', 'null')), 0) = r_{f.name}.found"
    both = f" and to_jsonb(r_{f.name}.number) = source.values -> '{f.number_column}'" if how == "both" else ""
    return found + both


def copied_columns(t: RecordType, registry: Registry, f: Field) -> list[tuple[str, str]]:
    """(own column, SQL over the joined record) of a field that is copied from a referenced record."""
    assert f.copied
    reference, name = f.copied
    source = registry.by_path[t.reference(reference).to].field(name)
    return [(own, f"r_{reference}.{other}") for own, other in zip(f.columns, source.columns, strict=True)]


@lru_cache(maxsize=4096)
def locks_references(view: RoleView, t: RecordType, inputs: ReferenceInputs, importing: bool = False) -> bool:
    """Whether the INSERT itself locks every record it refers to, so that the trigger `hold_insert` need not.

    Locking needs the right to change, which a caller has who writes every record of the type referred to. The import of
    a loader (`importing`) may lock records of every type.
    """
    # A list is locked by the trigger, and a reference copied from another record is not joined at all.
    elsewhere = any(f.copied for f in t.references) or any(t.reference(name).many for name in inputs.names)
    rights = [view.target(t.reference(name))[1] for name in inputs.names]
    return bool(rights) and not elsewhere and all(importing or (r.writes and r.sees_every) for r in rights)


def resolved_sql(
    t: RecordType, registry: Registry, inputs: ReferenceInputs, bulk: bool = True, lock: bool = False,
    new: bool = False, typed: Container[str] = (), inserts: bool = False,
) -> str:  # fmt: skip
    """CTE `resolved`: the source rows with the records they refer to. A row with an unresolved reference falls out.

    `lock` locks those records. `new` is one new row, which names its jurisdiction; the row of a change need not.
    `typed` are the columns that the source gives one by one instead of in `values`. `inserts`: every reference is new.
    """
    # Typed rows are of one jurisdiction; a parameter does not make the planner expect few. Rows of a plan are compared
    # by `coalesce`, which no join can use (tests/kernel/test_lookup_order.py says why).
    code = "$2::text" if typed else "source.jurisdiction" if new else "coalesce(source.jurisdiction, {0}.jurisdiction)"
    joins, conditions, columns, keyed = [], [GUARD], ["source.*"], []
    for name, how in inputs.given:
        f = t.reference(name)
        if how == RESOLVED:
            columns += [f"source.v_{c} as {c}" for c in f.columns]
            continue
        keys = {} if f.many else _keys(f, how, typed)
        if bulk:
            keyed += [f"{key} as {column}_of_{name}" for column, key in keys.items()]
            keys = {column: f"source.{column}_of_{name}" for column in keys}
        may_lack = name in inputs.optional
        live = _live(registry, f, inserts)
        many = f.many and _many_join(registry, t, f, how, live)
        joins.append(many or _one_join(registry, f, keys, may_lack, code, live))
        conditions.append(_complete(f, how, may_lack, typed))
        columns += _joined_columns(registry, t, f)
    if not t.numbering.formula and (t.numbering.within == "jurisdiction" or t.numbering.via in inputs.joined):
        columns.append(f"{series_sql(t, 'source.jurisdiction', f'r_{t.numbering.via}')} as series")
    if t.numbering.within == "record":
        columns.append("source.values ->> 'series' as series")
    locks = f" for key share of {', '.join(f'r_{name}' for name, _ in inputs.given)}" * lock
    # offset 0: a key is taken from the jsonb once a row, and not once for each record it is compared with.
    source = f"(select source.*, {', '.join(keyed)} from source offset 0) source" if keyed else "source"
    return (
        f"resolved as {'materialized ' if bulk else ''}(select {', '.join(columns)} from {source} {' '.join(joins)}"
        f" where {' and '.join(filter(None, conditions))}{locks})"
    )


def _joined_columns(registry: Registry, t: RecordType, f: Reference) -> list[str]:
    """The select list of a joined record: identifier, number, jurisdiction, and the columns copied from it."""
    alias = f"r_{f.name}"
    own = f"{alias}.id as {f.id_column}, {alias}.number as {f.number_column}"
    copies = (c for c in t.fields if c.copied and c.copied[0] == f.name)
    copied = [f"{sql} as {column}" for copy in copies for column, sql in copied_columns(t, registry, copy)]
    return [own, f"{alias}.jurisdiction as {f.name}_jurisdiction", *copied]
