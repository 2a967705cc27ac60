"""The inserts of new rows that are written while the rest of their file is still being checked: see `ahead.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from app.imports.apply import commit
from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import PLANNED
from app.imports.plan.row_check import Planned
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.arrays import columns_source, lists_of, stored_column, travelling, varying
from app.kernel.sql.numbering import raise_highest
from app.kernel.sql.write import COUNT, insert_sql
from app.kernel.store import RequestContext, held

PIECE = 1000  # rows of one statement that looks nothing up; one that does writes what it is given


@dataclass(frozen=True, slots=True)
class Piece:
    """The insert of some rows, ready to be sent, and the kind of plan that suits it."""

    rows: int
    plan: str
    sql: str
    arguments: tuple[Any, ...]
    holds: Mapping[RecordType, set[str]]  # what is to be locked before, so that the statement need not look again

    def effects(self, other: "Piece") -> bool:
        """Whether it can be sent while that one is still at work: it is the same statement, and locks nothing."""
        return self.sql == other.sql and self.plan == other.plan and not any(self.holds.values())


@dataclass
class Pieces:
    """Makes them of checked rows, and remembers of each type what the next rows need to be told."""

    ctx: RequestContext
    import_id: str
    lookup: Lookup
    highest: dict[str, int] = field(default_factory=dict)  # of each series, among the numbers given so far
    _columns: dict[str, dict[str, None]] = field(default_factory=dict)
    _varied: dict[tuple[str, tuple[str, ...]], tuple[bool, ...]] = field(default_factory=dict)
    _held: dict[str, set[str]] = field(default_factory=dict)

    def of(self, t: RecordType, rows: Sequence[tuple[int, Planned]]) -> list[Piece]:
        """The inserts of new rows of one sheet, each with its place in the plan, and of their rows of the plan."""
        columns, typed, own, found = self._travelling(t, rows)
        varies = self._varied[t.path, typed] = varying(columns, self._varied.get((t.path, typed), ()))
        source, planned = columns_source(t, typed, varies), PLANNED.format(path=t.path)
        given = commit.inputs(t, found=found)
        sql = insert_sql(t.name, self.ctx.view, given, True, source, COUNT, typed, planned)
        locked = {} if given.joined() else held(self.ctx, t, given)
        holds = self._not_held(t, own) if locked else {}
        before = self.ctx.context("import", **locked), self.lookup.jurisdiction, rows[0][1].sheet, self.import_id
        # A plan made for any number of rows looks each reference up by itself; one made for these hashes them.
        plan, size = ("force_custom_plan", len(rows)) if given.joined() else ("force_generic_plan", PIECE)
        cut = [[c[low : low + size] for c in columns] for low in range(0, len(rows), size)]
        return [
            Piece(len(c[0]), plan, sql, (*before, *travelling(c, varies)), {} if n else holds)
            for n, c in enumerate(cut)
        ]

    def _travelling(
        self, t: RecordType, rows: Sequence[tuple[int, Planned]]
    ) -> tuple[list[Sequence[Any]], tuple[str, ...], Mapping[str, Sequence[Any]], Mapping[str, Sequence[Any]]]:
        """The rows as columns: all of them; the names of those that are typed; those of the record; numbers found."""
        known = self._columns.setdefault(t.path, {})
        values = [p.values for _, p in rows]
        known.update(dict.fromkeys(chain.from_iterable(values)))
        numbers = [p.number for _, p in rows if p.number]
        raise_highest(self.highest, numbers)
        ids = [f.id_column for f in t.references if f.copied is None and not f.many]
        typed = tuple(dict.fromkeys((*ids, *(c for c in known if c not in t.list_columns))))
        own = {c: stored_column(t, c, values) for c in typed}
        found = self._found(t, own)
        columns: list[Sequence[Any]] = [
            [p.record_id for _, p in rows],
            numbers,
            [p.state for _, p in rows],
            [p.line for _, p in rows],
            [place for place, _ in rows],
            lists_of(t, values),
            *own.values(),
            *found.values(),
        ]
        return columns, (*typed, *(t.reference(name).number_column for name in found)), own, found

    def _found(self, t: RecordType, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[str | None]]:
        """The numbers of what the rows refer to, where the check has found them and the caller sees every such record.

        What another field is copied from is looked up by the statement, and what has no number yet.
        """
        taken = {f.copied[0] for f in t.fields if f.copied}
        found: dict[str, list[str | None]] = {}
        for f in t.references:
            seen = self.ctx.caller.importing or self.ctx.view.target(f)[1].sees_every
            if f.copied or f.many or f.name in taken or not seen:
                continue
            ids = columns[f.id_column]
            numbers = {i: self.lookup.number_of(f.to, i) for i in {*ids} - {None}}
            if None not in numbers.values():
                found[f.name] = list(map(numbers.get, ids))
        return found

    def _not_held(self, t: RecordType, columns: Mapping[str, Sequence[Any]]) -> dict[RecordType, set[str]]:
        """The records that these rows refer to and no rows before them did."""
        found: dict[RecordType, set[str]] = {}
        for f in t.references:
            held = self._held.setdefault(f.to, set())
            new = {*columns[f.id_column]} - held - {None}
            held |= new
            found.setdefault(self.ctx.runtime.registry.by_path[f.to], set()).update(new)
        return found
