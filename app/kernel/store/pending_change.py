"""A change of one record on its way: a patch, an action, or a correction."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.kernel.declare.lifecycle import Effect, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.sql.write import UpdateSpec


@dataclass(frozen=True)
class PendingChange:
    """What is to become of a record: the version it starts from, the members it gives, and by which action.

    part   of a transition that concerns only a part of a list: those identifiers
    """

    t: RecordType
    key: str
    version: int
    values: dict[str, Any]
    inputs: ReferenceInputs
    action: str
    transition: Transition | None = None
    reason: str | None = None
    part: list[str] | None = None

    @cached_property
    def looks(self) -> bool:
        """Whether the type's rule looks at a member that is given."""
        t, names = self.t, (*self.inputs.names(), *self.inputs.cleared)
        touched = {*self.known, *(c for name in names for c in t.reference(name).columns)}
        return t.check is not None and bool(touched & t.check_reads)

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The columns that are given, those of references aside."""
        own = tuple(
            c for c in self.values if c in self.t.columns and not any(c in f.columns for f in self.t.references)
        )
        return (*own, "note") if "note" in self.values else own

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What it brings about in other records."""
        return self.transition.effects if self.transition else ()

    def change(self, while_in: tuple[str, ...]) -> UpdateSpec:
        """The UPDATE that carries it out."""
        transition = self.transition
        return UpdateSpec(
            self.known,
            self.inputs,
            transition,
            to=transition.to if transition and self.part is None else None,
            origins=transition.origins if transition else None,
            skip_unchanged=transition is None,
            while_in=while_in,
        )
