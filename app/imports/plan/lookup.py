"""Finds the records that a file refers to: by number, else by the name in use or a former name. Never guesses.

Records that the same file will create are found as well, before they are in the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.db.context import GUARD
from app.imports.files.cells import fold_name
from app.imports.plan.fallen import Cause, Fallen, calls
from app.imports.plan.known_record import KnownRecord
from app.imports.plan.type_info import type_info
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER
from app.kernel.store import RequestContext

TOLD = "told"  # among the values of a stored record: whether the import may tell of them


Match = tuple[KnownRecord | None, str | None]  # the record of a row; the number of another one with its natural key


@dataclass
class Lookup:
    """The records that one import has looked up in one jurisdiction, kept until the import ends."""

    ctx: RequestContext
    jurisdiction: str
    numbers: dict[tuple[str, str], KnownRecord | None] = field(default_factory=dict)  # None: there is none
    names: dict[str, dict[str, list[KnownRecord]]] = field(default_factory=dict)  # type -> folded name -> records
    by_id: dict[tuple[str, str], KnownRecord] = field(default_factory=dict)
    planned: dict[str, list[KnownRecord]] = field(default_factory=dict)  # of types that are found by name
    foreseen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # what earlier rows will have changed
    types_in_file: frozenset[str] | None = None  # None until they are known
    retired: dict[str, str | None] = field(default_factory=dict)  # id of a record that has a successor -> its number
    fallen: Fallen = field(default_factory=Fallen)  # rows and sheets that were rejected
    borne: dict[str, dict[str, set[str]]] = field(default_factory=dict)  # type -> identifier -> names it has or had
    _needed: dict[str, frozenset[str]] = field(default_factory=dict)

    async def prepare(self, t: RecordType, rows: Sequence[Mapping[str, Any]]) -> None:
        """Read all records that the rows of a batch name, with one query for each type that is referred to.

        Of a type that is found by name, all names are read at the first batch.
        """
        references, given = type_info(t).references, set().union(*rows)
        numbers: dict[str, set[str]] = {r.to: set() for r in references}
        ids: dict[str, set[str]] = {r.to: set() for r in references}
        for r in references:
            for column in given.intersection(r.texts):
                numbers[r.to] |= _texts_of_column(rows, column)
            if r.id_column in given:
                ids[r.to] |= {i.lower() for i in _texts_of_column(rows, r.id_column)}
        for path in numbers:
            target = self.ctx.runtime.registry.by_path[path]
            if target.ledger_name and path not in self.names:
                await self._read_names(target)
            await self._read(target, "number", [n for n in numbers[path] if (path, n) not in self.numbers])
            await self._read(target, "id", [i for i in ids[path] if (path, i) not in self.by_id])

    async def _read(self, target: RecordType, column: str, keys: list[str]) -> None:
        if not keys:
            return
        if column == "number":
            self.numbers.update({(target.path, key): None for key in keys})
        for record in await self._fetch(target, f"t.{column}::text = any($3::text[])", keys):
            self._remember(target, record)

    async def _read_names(self, target: RecordType) -> None:
        self.names[target.path] = {}
        stored = await self._fetch(target, "t.state <> 'voided'")
        for record in (*stored, *self.planned.get(target.path, ())):
            self._remember(target, record)

    def told(self, target: RecordType, row: str) -> str:
        """SQL for whether the import may tell its maker of what a record holds: who reads it in full.

        A loader reads no record. It is told of what a ledger has brought, because it holds the ledgers.
        """
        return f"{row}.imported" if self.ctx.caller.importing else self.ctx.view.in_full(target, row)

    async def _fetch(self, target: RecordType, condition: str, *arguments: Any) -> list[KnownRecord]:
        """Records of a type, with the columns that referring rows need: the import keeps them until it ends."""
        columns = "".join(f", '{c}', t.{c}" for c in sorted(self._columns_needed(target) & {*target.columns}))
        columns = f"'{TOLD}', {self.told(target, 't')}{columns}"
        async with self.ctx.connection() as connection:
            rows = await connection.fetch(
                f"select t.id::text, t.number, t.state, json_build_object({columns})::text as row from {target.table} t"
                f" where t.jurisdiction = $2 and {condition} and {GUARD}",
                self.ctx.context(), self.jurisdiction, *arguments,
            )  # fmt: skip
        return [KnownRecord(r["id"], r["number"], r["state"], orjson.loads(r["row"])) for r in rows]

    def _remember(self, target: RecordType, record: KnownRecord) -> None:
        self.by_id[(target.path, record.id)] = record
        if name := target.lifecycle.retired.get(record.state):
            self.retired[record.id] = record.values.get(target.reference(name).number_column)
        if record.number:
            self.numbers[(target.path, record.number)] = record
        if target.ledger_name and target.path in self.names:
            index = self.names[target.path]
            for column in target.ledger_name.columns:
                for name in _texts(record.values.get(column)):
                    records = index.setdefault(fold_name(name), [])
                    if record.id not in [r.id for r in records]:
                        records.append(record)

    def add_planned(
        self, t: RecordType, record_id: str, number: str | None, state: str, values: Mapping[str, Any]
    ) -> None:
        """Let the rows that follow refer to a record that this import will create."""
        needed = {column: values[column] for column in self._columns_needed(t) if column in values}
        record = KnownRecord(record_id, number, state, needed)
        if t.ledger_name:
            self.planned.setdefault(t.path, []).append(record)
        self._remember(t, record)

    def remove_planned(self, t: RecordType, record_ids: Iterable[str]) -> None:
        """Forget planned records whose rows were rejected after all."""
        gone = set(record_ids)
        for record_id in gone:
            record = self.by_id.pop((t.path, record_id), None)
            if record and record.number:
                self.numbers[(t.path, record.number)] = None
        for records in (self.planned.get(t.path, []), *self.names.get(t.path, {}).values()):
            records[:] = [r for r in records if r.id not in gone]

    def note_doubles(self, t: RecordType, doubles: Iterable[Any]) -> None:
        """Keep what planned records are called whose rows turned out to stand for one record."""
        for row in doubles:
            if record := self.by_id.get((t.path, row["record_id"])):
                cause = Cause(row["sheet"], row["line_number"])
                self.fallen.rows |= dict.fromkeys(calls(t, record.number, record.values), cause)

    def by_number(self, path: str, number: str) -> KnownRecord | None:
        """The record of this number, if `prepare` has read it or `add_planned` has added it."""
        return self.numbers.get((path, number))

    def number_of(self, path: str, record_id: str) -> str | None:
        """The number of a record that was looked up or is planned; None if it has none yet."""
        record = self.by_id.get((path, record_id))
        return record.number if record else None

    def record_of(self, f: Reference, values: Mapping[str, Any]) -> KnownRecord | None:
        """The record that a row refers to, once its references are resolved."""
        return self.by_id.get((f.to, str(values.get(f.id_column))))

    def years_of(self, f: Reference, values: Mapping[str, Any]) -> tuple[int, int] | None:
        """The years of the first and the last day of the round that a row refers to."""
        record, span = self.record_of(f, values), self.ctx.runtime.registry.by_path[f.to].ledger.span
        start, end = (record.values.get(column) for column in span) if record and span else (None, None)
        return (int(start[:4]), int((end or start)[:4])) if start else None

    def may_be_referenced(self, t: RecordType) -> bool:
        """Whether a row of this file may refer to a record of this type. If not, planned records need not be kept."""
        if self.types_in_file is None:
            return True
        others = (self.ctx.runtime.registry.by_path[path] for path in self.types_in_file)
        return any(r.to == t.path for other in others for r in type_info(other).references)

    def _columns_needed(self, t: RecordType) -> frozenset[str]:
        """The columns that rows referring to this type need of the record."""
        if t.path not in self._needed:
            needed: set[str] = set()
            for other in self.ctx.runtime.registry.types:
                fields = {f.name: f for f in (*other.ledger.extra, *other.references) if isinstance(f, Reference)}
                needed |= {c for f in fields.values() if f.to == t.path for c in f.requires}
                compared = (*other.ledger.agrees.values(), *other.ledger.not_before.values())
                needed |= {c for name, c in compared if fields[name].to == t.path}
            needed |= {t.reference(name).number_column for name in t.lifecycle.retired.values()} | {
                *(t.ledger.span or ())
            }
            if rule := t.ledger_name:
                needed |= {*rule.columns, *(f"{name}_id" for name in rule.within), *rule.only}
            needed |= {c for name in needed & {*t.derived} for c in t.derived[name].needs(t)}
            self._needed[t.path] = frozenset(needed)
        return self._needed[t.path]

    def within(self, f: Reference) -> set[str]:
        """The references that the row and the record named must share (a team is named within its round)."""
        rule = self.ctx.runtime.registry.by_path[f.to].ledger_name
        return set(rule.within) if rule else set()

    def find(self, f: Reference, text: str, row: Mapping[str, Any]) -> KnownRecord | str:
        """The record that a text names, or the code of the sentence that says why there is none.

        A name in use goes before a former name. Codes: reference_not_found, name_is_ambiguous, name_needs_number.
        """
        target = self.ctx.runtime.registry.by_path[f.to]
        by_number = self.by_number(f.to, text)
        if by_number is not None:
            return by_number if by_number.state != "voided" else "reference_not_found"
        if target.ledger_name is None:
            return "name_needs_number" if target.path == "persons" and not NUMBER.match(text) else "reference_not_found"
        rule = target.ledger_name
        named = [r for r in self.names.get(f.to, {}).get(fold_name(text), ()) if _fits(rule, r, row)]
        in_use = [r for r in named if fold_name(str(r.values.get(rule.columns[0], ""))) == fold_name(text)]
        records = in_use or named
        if len(records) > 1:
            return "name_is_ambiguous"
        return records[0] if records else "reference_not_found"


def _fits(rule: Any, record: KnownRecord, row: Mapping[str, Any]) -> bool:
    values = {**record.values, "state": record.state}
    within = all(values.get(f"{name}_id") == row.get(f"{name}_id") for name in rule.within)
    return within and all(values.get(column) == wanted for column, wanted in rule.only.items())


def _texts_of_column(rows: Sequence[Mapping[str, Any]], column: str) -> set[str]:
    """The texts in a column of a batch. They are few, so that a set is made first and stripped afterwards."""
    try:
        values = {row.get(column) for row in rows}
    except TypeError:  # lists cannot be put into a set
        values = {text for row in rows for text in _texts(row.get(column))}
    return {text.strip() for text in values if isinstance(text, str)}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value.strip()]
    return [v.strip() for v in value if isinstance(v, str)] if isinstance(value, list) else []
