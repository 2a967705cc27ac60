"""The registry of all record types. It refuses types that contradict themselves or one another."""

from collections.abc import Iterable, Iterator
from typing import Any

from app.kernel.declare.fields import Choice, Day, Entries, Flag, Lines, Reference, Sealed, Text, Whole
from app.kernel.declare.obligations import ALWAYS_READ
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.visibility import (
    EverySince,
    NoRecords,
    OfKnownRounds,
    OfKnownTeams,
    OldVersions,
    OwnTeam,
    OwnUnit,
    SinceKnown,
    Visibility,
)
from app.roles import READERS


class Misdeclared(Exception):
    """A record type contradicts itself. Raised when the service starts, never later."""


class Registry:
    """Every record type, in the order of the documentation, which is also the order of an import."""

    def __init__(self, types: Iterable[RecordType]) -> None:
        self.types = tuple(types)
        self.by_path = {t.path: t for t in self.types}
        self.by_name = {t.name: t for t in self.types}
        for t in self.types:
            for problem in (
                *self._fields(t), *_transitions(t), *_rights(t), *self._dependencies(t), *self._obligations(t)
            ):  # fmt: skip
                raise Misdeclared(f"{t.path}: {problem}")
        letters = [t.numbering.letter for t in self.types if not t.numbering.formula]
        if len(set(letters)) < len(letters):
            raise Misdeclared(f"two types number with the same letter: {sorted(letters)}")

    def __iter__(self) -> Any:
        return iter(self.types)

    def referrers(self, path: str) -> list[tuple[RecordType, Reference]]:
        """Which fields of which types point to records of this type."""
        return [(t, f) for t in self.types for f in t.references if f.to == path]

    def causes(self, path: str) -> list[RecordType]:
        """The types whose writes cause transitions of records of this type."""
        return [t for t in self.types if any(t.reference(e.reference).to == path for e in t.lifecycle.effects)]

    def _fields(self, t: RecordType) -> Iterator[str]:
        columns, references = set(t.columns), {r.name for r in t.references}
        if len(columns) != len(t.columns):
            yield "two fields share a column"
        for reference in t.references:
            target = self.by_path.get(reference.to)
            if target is None:
                yield f"{reference.name} refers to {reference.to!r}, which is no record type"
                continue
            lacking = {*reference.requires} - {*target.columns, *target.derived, "number", "state", "imported"}
            if lacking:
                yield f"{reference.name} requires {sorted(lacking)}, which {reference.to} lacks"
        for f in t.fields:
            if f.copied and f.copied[0] not in references:
                yield f"{f.name} is copied from {f.copied[0]!r}, which is no reference of it"
        yield from _entries(t)
        if not {*t.inherits, *t.inherits.values()} <= references:
            yield f"inherits names {dict(t.inherits)}, which are not all references of it"
        if t.check and not t.check_reads <= columns | {"number", "note"}:
            yield f"check_reads names {sorted(t.check_reads - columns)}, which are no columns"

    def _dependencies(self, t: RecordType) -> Iterator[str]:
        for right in t.access.declared:
            known = right.sees.old_versions
            for way in known.by if isinstance(known, SinceKnown) else ():
                if way.type not in self.by_name:
                    yield f"a right knows it by {way.type!r}, which is no record type"
        looks_at = t.access.looks_at
        if len({looked_at.type for looked_at in looks_at}) < len(looks_at):
            yield "its audience and its about match records of one type differently"
        for looked_at in looks_at:
            other = self.by_name.get(looked_at.type)
            if other is None:
                yield f"its audience looks at {looked_at.type!r}, which is no record type"
            elif not {*looked_at.columns} <= {*other.columns, *(["about", "recused"] if other.access.about else [])}:
                yield f"its audience looks at {list(looked_at.columns)}, which {other.path} lacks"

    def _obligations(self, t: RecordType) -> Iterator[str]:
        rules = [o.rule for o in t.obligations]
        if len({*rules}) < len(rules):
            yield f"two of its obligations have one rule: {sorted(rules)}"
        for o in t.obligations:
            lacking = {*o.reads} - {*t.columns, *ALWAYS_READ, "id", "jurisdiction"}
            if lacking:
                yield f"the obligation {o.rule} reads {sorted(lacking)}, which are no columns of it"
            if strangers := {role for role in o.keepers if not t.access.of(role)}:
                yield f"the obligation {o.rule} is kept by {sorted(strangers)}, who see no record of it"
            for looked_at in o.looks_at:
                other = self.by_name.get(looked_at.type)
                if other is None or not {*looked_at.columns} <= {*other.columns, "state"}:
                    yield f"the obligation {o.rule} looks at {looked_at.type}.{list(looked_at.columns)}: not there"


def _entries(t: RecordType) -> Iterator[str]:
    kept = {(f.within, f.to) for f in t.references if f.within}
    named = {(f.name, f.names.to) for f in t.of_kind(Entries) if f.names}
    if kept != named or len(kept) < sum(bool(f.within) for f in t.references):
        yield f"the records that entries name are kept in {sorted(kept)}, and named in {sorted(named)}"
    for f in t.of_kind(Entries):
        unfit = [
            m.name for m in f.of if not isinstance(m, (Text, Whole, Flag, Day, Choice, Lines)) or isinstance(m, Sealed)
        ]
        if unfit:
            yield f"{f.name} has entries with {unfit}, of kinds that no entry has"


def _transitions(t: RecordType) -> Iterator[str]:
    states, columns, references = set(t.lifecycle.states), set(t.columns), {r.name for r in t.references}
    if not {*t.lifecycle.retired} <= states or not {*t.lifecycle.retired.values()} <= references:
        yield f"retired names {dict(t.lifecycle.retired)}, which are not all states and references of it"
    if any(t.reference(effect.reference).many for effect in t.lifecycle.effects_on_change):
        yield "effects_on_change names a list, of which a part may change"
    for transition in t.lifecycle.transitions:
        if not set(transition.origins) <= states or not {*t.lifecycle.leads_to(transition)} <= states:
            yield f"{transition.action} leaves the states {sorted(states)}"
        if not {*transition.judged_with} <= references:
            yield f"{transition.action} is judged with {list(transition.judged_with)}, which are not all references"
        for member in transition.body:
            for column in member.columns:
                target = transition.sets.get(column, column)
                if target not in columns and member.name not in {"reason", "on"}:
                    yield f"{transition.action}: {column!r} sets no column"


def _rights(t: RecordType) -> Iterator[str]:
    strangers = t.access.rights.keys() - ({*READERS} - {"partner_system"})
    if strangers:
        yield f"rights names {sorted(strangers)}, who read no records or are declared as `partner`"
    for right in t.access.declared:
        yield from _visibility(t, right.sees)
        if right.limit and not {*right.limit.actions} <= {x.action for x in t.lifecycle.public}:
            yield f"limit names {sorted(right.limit.actions)}, which are not all actions of it"
        if not {*right.while_in} <= {*t.lifecycle.states}:
            yield f"while_in names {list(right.while_in)}, which are not all states of it"
    since = {right.sees.since for right in t.access.declared if isinstance(right.sees, OwnUnit)}
    if len(since) > 1:
        yield f"units see their own since {sorted(since)}: only one may be, for there is one index of it"


def _visibility(t: RecordType, sees: Visibility) -> Iterator[str]:
    match sees:
        case NoRecords():
            yield "a right sees nothing: leave the role out"
        case EverySince(column) if column not in t.columns:
            yield f"EverySince names {column!r}, which is no column of it"
        case OwnUnit(since) if not {"unit_id", since} <= {*t.columns}:
            yield f"OwnUnit needs the columns unit_id and {since}"
        case OwnTeam(column) | OfKnownRounds(column) | OfKnownTeams(column) if column not in ("id", *t.columns):
            yield f"{type(sees).__name__} names {column!r}, which is no column of it"
    if sees.old_versions is OldVersions.FILLED and not isinstance(sees, EverySince):
        yield f"{type(sees).__name__} has no column that old versions could have filled"
    if (sees.compares_audience or sees.old_versions is OldVersions.BY_AUDIENCE) and not t.access.audience:
        yield f"{type(sees).__name__} compares an audience, and the type declares none"
