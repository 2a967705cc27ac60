"""Finding the records that a ledger refers to: by number, else by the name in use or a former one. Never guessed.

What the same file creates is found as well, before it is in the database: a plan is checked as a whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.db.context import GUARD
from app.imports.files.cells import fold_name
from app.imports.plan.type_info import shape
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER
from app.kernel.store import RequestContext


@dataclass(frozen=True, slots=True)
class Found:
    """A record that can be referred to: in the database, or planned by this import."""

    id: str
    number: str | None
    state: str
    values: Mapping[str, Any]
    planned: bool = False


@dataclass
class Lookup:
    """The look-ups of one import in one jurisdiction, remembered."""

    ctx: RequestContext
    jurisdiction: str
    numbers: dict[tuple[str, str], Found | None] = field(default_factory=dict)
    names: dict[str, dict[str, list[Found]]] = field(default_factory=dict)
    by_id: dict[tuple[str, str], Found] = field(default_factory=dict)
    planned: dict[str, list[Found]] = field(default_factory=dict)
    asked: dict[str, frozenset[str]] = field(default_factory=dict)
    coming: frozenset[str] | None = None  # the types that the file holds, once they are known

    async def prepare(self, t: RecordType, rows: Sequence[Mapping[str, Any]]) -> None:
        """Reads, for a batch of rows, every record they name by number; and the names of types known by name."""
        every, given = shape(t).every, set().union(*rows)
        wanted: dict[str, set[str]] = {r.to: set() for r in every}
        ids: dict[str, set[str]] = {r.to: set() for r in every}
        for r in every:
            for member in given.intersection(r.members):
                wanted[r.to] |= _said(rows, member)
            if r.id_column in given:
                ids[r.to] |= {i.lower() for i in _said(rows, r.id_column)}
        for path in wanted:
            target = self.ctx.runtime.registry.by_path[path]
            if target.ledger_name and path not in self.names:
                await self._read_names(target)
            await self._read(target, "number", [n for n in wanted[path] if (path, n) not in self.numbers])
            await self._read(target, "id", [i for i in ids[path] if (path, i) not in self.by_id])

    async def _read(self, target: RecordType, column: str, keys: list[str]) -> None:
        if not keys:
            return
        async with self.ctx.connection() as connection:
            rows = await connection.fetch(
                f"select t.id::text, t.number, t.state, {self._kept(target)} as row from {target.table} t"
                f" where t.jurisdiction = $2 and t.{column}::text = any($3::text[]) and {GUARD}",
                self.ctx.context(), self.jurisdiction, keys,
            )  # fmt: skip
        if column == "number":
            self.numbers.update({(target.path, key): None for key in keys})
        for row in rows:
            self._remember(target, Found(row["id"], row["number"], row["state"], orjson.loads(row["row"])))

    async def _read_names(self, target: RecordType) -> None:
        assert target.ledger_name
        self.names[target.path] = {}
        async with self.ctx.connection() as connection:
            rows = await connection.fetch(
                f"select t.id::text, t.number, t.state, {self._kept(target)} as row from {target.table} t"
                f" where t.jurisdiction = $2 and t.state <> 'voided' and {GUARD}",
                self.ctx.context(), self.jurisdiction,
            )  # fmt: skip
        for row in rows:
            self._remember(target, Found(row["id"], row["number"], row["state"], orjson.loads(row["row"])))
        for found in self.planned.get(target.path, ()):
            self._remember(target, found)

    def _remember(self, target: RecordType, found: Found) -> None:
        self.by_id[(target.path, found.id)] = found
        if found.number:
            self.numbers[(target.path, found.number)] = found
        if target.ledger_name and target.path in self.names:
            index = self.names[target.path]
            for column in target.ledger_name.columns:
                for name in _texts(found.values.get(column)):
                    entries = index.setdefault(fold_name(name), [])
                    if found.id not in [e.id for e in entries]:
                        entries.append(found)

    def plan(self, t: RecordType, identifier: str, number: str | None, state: str, values: Mapping[str, Any]) -> None:
        """Makes a row that this import will create known to the rows after it."""
        kept = {column: values[column] for column in self._asked_for(t) if column in values}
        found = Found(identifier, number, state, kept, planned=True)
        if t.ledger_name:
            self.planned.setdefault(t.path, []).append(found)
        self._remember(t, found)

    def forget(self, t: RecordType, identifiers: Iterable[str]) -> None:
        """Rows that were planned and will not be created after all."""
        gone = set(identifiers)
        for identifier in gone:
            found = self.by_id.pop((t.path, identifier), None)
            if found and found.number:
                self.numbers[(t.path, found.number)] = None
        for entries in (self.planned.get(t.path, []), *self.names.get(t.path, {}).values()):
            entries[:] = [e for e in entries if e.id not in gone]

    def by_number(self, path: str, number: str) -> Found | None:
        """The record of that number, of those that `prepare` has read or `plan` has named."""
        return self.numbers.get((path, number))

    def number_of(self, path: str, identifier: str) -> str | None:
        """The number of a record that was looked up, or is planned; None if it has none yet."""
        found = self.by_id.get((path, identifier))
        return found.number if found else None

    def awaited(self, t: RecordType) -> bool:
        """Whether a row of this file may refer to one of this type."""
        if self.coming is None:
            return True
        others = (self.ctx.runtime.registry.by_path[path] for path in self.coming)
        return any(r.to == t.path for other in others for r in shape(other).every)

    def _kept(self, t: RecordType) -> str:
        """What is remembered of a record: a whole row of a thousand others would be kept until the import ends."""
        columns = sorted(self._asked_for(t) & {*t.columns})
        members = ", ".join(f"'{c}', t.{c}" for c in columns)
        return f"json_build_object({members})::text"

    def _asked_for(self, t: RecordType) -> frozenset[str]:
        """The columns that rows referring to this type ask for."""
        if t.path not in self.asked:
            asked: set[str] = set()
            for other in self.ctx.runtime.registry:
                fields = {f.name: f for f in (*other.ledger.extra, *other.references) if isinstance(f, Reference)}
                asked |= {c for f in fields.values() if f.to == t.path for c in f.requires}
                asked |= {c for name, c in other.ledger.agrees.values() if fields[name].to == t.path}
            if rule := t.ledger_name:
                asked |= {*rule.columns, *(f"{name}_id" for name in rule.within), *rule.only}
            self.asked[t.path] = frozenset(asked)
        return self.asked[t.path]

    def within(self, f: Reference) -> set[str]:
        """The references within which the name of this one is looked up."""
        rule = self.ctx.runtime.registry.by_path[f.to].ledger_name
        return set(rule.within) if rule else set()

    def find(self, f: Reference, text: str, row: Mapping[str, Any]) -> Found | str:
        """The record that a text names, or the code of the sentence that says why there is none."""
        target = self.ctx.runtime.registry.by_path[f.to]
        by_number = self.by_number(f.to, text)
        if by_number is not None:
            return by_number if by_number.state != "voided" else "reference_not_found"
        if target.ledger_name is None:
            return "name_needs_number" if target.path == "persons" and not NUMBER.match(text) else "reference_not_found"
        rule = target.ledger_name
        current = [e for e in self.names.get(f.to, {}).get(fold_name(text), ()) if _fits(rule, e, row)]
        in_use = [e for e in current if fold_name(str(e.values.get(rule.columns[0], ""))) == fold_name(text)]
        found = in_use or current
        if len(found) > 1:
            return "name_is_ambiguous"
        return found[0] if found else "reference_not_found"


def _fits(rule: Any, found: Found, row: Mapping[str, Any]) -> bool:
    values = {**found.values, "state": found.state}
    within = all(values.get(f"{name}_id") == row.get(f"{name}_id") for name in rule.within)
    return within and all(values.get(column) == wanted for column, wanted in rule.only.items())


def _said(rows: Sequence[Mapping[str, Any]], member: str) -> set[str]:
    """The texts that rows hold under a member: so few, as a rule, that a set is made first and looked at then."""
    try:
        found = {row.get(member) for row in rows}
    except TypeError:  # lists, or what is none
        found = {text for row in rows for text in _texts(row.get(member))}
    return {text.strip() for text in found if isinstance(text, str)}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value.strip()]
    return [v.strip() for v in value if isinstance(v, str)] if isinstance(value, list) else []
