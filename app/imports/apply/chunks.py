"""Builds the inserts of new rows that `streaming_writer.py` sends while the rest of the file is being checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from app.imports.apply.write_plan import reference_inputs
from app.imports.plan.lookup import Lookup
from app.imports.plan.plan_rows import INSERT_BESIDE_RECORDS, NumberedRows
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.arrays import columns_source, lists_of, packed_arguments, stored_column, varying
from app.kernel.sql.numbering import raise_highest
from app.kernel.sql.write import COUNT, insert_sql
from app.kernel.store import RequestContext

CHUNK_ROWS = 1000  # of a statement that looks nothing up; a statement that does takes all rows of a batch at once


@dataclass(frozen=True, slots=True)
class Chunk:
    """The insert of some rows, ready to be sent."""

    rows: int
    plan_mode: str  # Postgres' plan_cache_mode for this statement
    sql: str
    arguments: tuple[Any, ...]
    to_lock: Mapping[RecordType, set[str]]  # records to be locked before, so that the statement need not check them

    def can_follow(self, other: "Chunk") -> bool:
        """Whether it can be sent while `other` is under way: it is the same statement, and locks nothing before."""
        return self.sql == other.sql and self.plan_mode == other.plan_mode and not any(self.to_lock.values())


@dataclass
class ChunkBuilder:
    """Turns checked rows into chunks. Remembers of each type which columns were used and what is locked already."""

    ctx: RequestContext
    import_id: str
    lookup: Lookup
    highest: dict[str, int] = field(default_factory=dict)  # number series -> highest number given so far
    _columns: dict[str, dict[str, None]] = field(default_factory=dict)
    _varied: dict[tuple[str, tuple[str, ...]], tuple[bool, ...]] = field(default_factory=dict)
    _locked: dict[str, set[str]] = field(default_factory=dict)

    def build(self, t: RecordType, rows: NumberedRows) -> list[Chunk]:
        """The inserts of new rows of one sheet, together with their rows of the plan."""
        values = self._value_columns(t, rows)
        numbers = self._reference_numbers(t, values)
        columns = [*self._row_columns(t, rows), *values.values(), *numbers.values()]
        typed = (*values, *(t.reference(name).number_column for name in numbers))
        # A value that is the same in all rows travels once; each other column travels packed as one text.
        varies = self._varied[t.path, typed] = varying(columns, self._varied.get((t.path, typed), ()))
        inputs = reference_inputs(t, resolved=frozenset(numbers))
        beside = INSERT_BESIDE_RECORDS.format(path=t.path)
        sql = insert_sql(t.name, self.ctx.view, inputs, True, columns_source(t, typed, varies), COUNT, typed, beside)
        locked = {} if inputs.joined else self.ctx.held(t, inputs)
        to_lock = self._not_locked_yet(t, values) if locked else {}
        before = self.ctx.context("import", **locked), self.lookup.jurisdiction, rows[0][1].sheet, self.import_id
        # A generic plan looks each reference up by itself. A plan made for these rows hashes them, which is faster
        # as soon as anything is looked up; then the rows go in one statement, so that the plan is made once.
        plan_mode, size = ("force_custom_plan", len(rows)) if inputs.joined else ("force_generic_plan", CHUNK_ROWS)
        slices = [[c[low : low + size] for c in columns] for low in range(0, len(rows), size)]
        return [
            Chunk(len(s[0]), plan_mode, sql, (*before, *packed_arguments(s, varies)), {} if n else to_lock)
            for n, s in enumerate(slices)
        ]

    def _row_columns(self, t: RecordType, rows: NumberedRows) -> list[Sequence[Any]]:
        """What every row gives, in the order of `columns_source`. Notes the numbers, which move their series on."""
        numbers = [p.number for _, p in rows if p.number]
        raise_highest(self.highest, numbers)
        return [
            [p.record_id for _, p in rows],
            numbers,
            [p.state for _, p in rows],
            [p.line for _, p in rows],
            [place for place, _ in rows],
            lists_of(t, [p.values for _, p in rows]),
        ]

    def _value_columns(self, t: RecordType, rows: NumberedRows) -> dict[str, list[Any]]:
        """The values of the rows in stored form, by column: identifiers of references first.

        A column that occurred once stays for all later rows, so that the statement stays the same.
        """
        used = self._columns.setdefault(t.path, {})
        values = [p.values for _, p in rows]
        used.update(dict.fromkeys(chain.from_iterable(values)))
        ids = [f.id_column for f in t.references if f.copied is None and not f.many]
        columns = dict.fromkeys((*ids, *(c for c in used if c not in t.list_columns)))
        return {c: stored_column(t, c, values) for c in columns}

    def _reference_numbers(self, t: RecordType, values: Mapping[str, Sequence[Any]]) -> dict[str, list[str | None]]:
        """The numbers of the records that rows refer to, by reference, so that the statement need not join them.

        Only for references whose records the check has looked up and of which the caller sees every one. The statement
        still looks up a reference that another field is copied from, and one whose record has no number yet.
        """
        copied_from = {f.copied[0] for f in t.fields if f.copied}
        columns: dict[str, list[str | None]] = {}
        for f in t.references:
            sees_every = self.ctx.caller.importing or self.ctx.view.target(f)[1].sees_every
            if f.copied or f.many or f.name in copied_from or not sees_every:
                continue
            ids = values[f.id_column]
            numbers = {i: self.lookup.number_of(f.to, i) for i in {*ids} - {None}}
            if None not in numbers.values():
                columns[f.name] = list(map(numbers.get, ids))
        return columns

    def _not_locked_yet(self, t: RecordType, values: Mapping[str, Sequence[Any]]) -> dict[RecordType, set[str]]:
        """The records that these rows refer to and no earlier row did. A lock lasts until the import ends."""
        to_lock: dict[RecordType, set[str]] = {}
        for f in t.references:
            locked = self._locked.setdefault(f.to, set())
            new = {*values[f.id_column]} - locked - {None}
            locked |= new
            to_lock.setdefault(self.ctx.runtime.registry.by_path[f.to], set()).update(new)
        return to_lock
