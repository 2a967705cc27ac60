"""Every record type together, and what is refused when they contradict themselves or one another."""

from collections.abc import Iterable
from typing import Any

from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType


class Misdeclared(Exception):
    """A record type contradicts itself. Raised when the service starts, never later."""


class Registry:
    """Every record type, in the order of the documentation, which is also the order of an import."""

    def __init__(self, types: Iterable[RecordType]) -> None:
        self.types = tuple(types)
        self.by_path = {t.path: t for t in self.types}
        self.by_name = {t.name: t for t in self.types}
        for record_type in self.types:
            self._validate(record_type)
        letters = [t.numbering.letter for t in self.types if not t.numbering.formula]
        if len(set(letters)) < len(letters):
            raise Misdeclared(f"two types number with the same letter: {sorted(letters)}")

    def __iter__(self) -> Any:
        return iter(self.types)

    def referrers(self, path: str) -> list[tuple[RecordType, Reference]]:
        """Which fields of which types point to records of this type."""
        return [(t, f) for t in self.types for f in t.references if f.to == path]

    def _validate(self, t: RecordType) -> None:
        columns = set(t.columns)
        if len(columns) != len(t.columns):
            raise Misdeclared(f"{t.path}: two fields share a column")
        for reference in t.references:
            if reference.to not in self.by_path:
                raise Misdeclared(f"{t.path}.{reference.name} refers to {reference.to!r}, which is no record type")
            target = self.by_path[reference.to]
            for column in reference.requires:
                if column not in target.columns and column not in target.virtual and column != "number":
                    raise Misdeclared(f"{t.path}.{reference.name} carries {column!r}, which {reference.to} lacks")
        for transition in t.lifecycle.transitions:
            self._validate_transition(t, transition, columns)
        for f in t.fields:
            if f.copied and f.copied[0] not in {r.name for r in t.references}:
                raise Misdeclared(f"{t.path}.{f.name} is copied from {f.copied[0]!r}, which is no reference of it")
        if not {*t.inherits, *t.inherits.values()} <= {r.name for r in t.references}:
            raise Misdeclared(f"{t.path}: inherits names {dict(t.inherits)}, which are not all references of it")
        if t.check and not t.check_reads <= columns | {"number"}:
            raise Misdeclared(f"{t.path}: check_reads names {sorted(t.check_reads - columns)}, which are no columns")

    @staticmethod
    def _validate_transition(t: RecordType, transition: Any, columns: set[str]) -> None:
        states = set(t.lifecycle.states)
        if not set(transition.origins) <= states or transition.to not in {*states, None}:
            raise Misdeclared(f"{t.path}.{transition.action} leaves the states {sorted(states)}")
        for member in transition.body:
            for column in member.columns:
                target = transition.sets.get(column, column)
                if target not in columns and member.name not in {"reason", "on"}:
                    raise Misdeclared(f"{t.path}.{transition.action}: {column!r} sets no column")
