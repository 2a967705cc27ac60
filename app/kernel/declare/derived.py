"""What is derived of a record, for the rules of records that refer to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.kernel.declare.record_type import RecordType


@dataclass(frozen=True, slots=True)
class Derived:
    """Identifiers that follow from a record and that a rule reads like a column of it.

    sql      of a record that is stored: SQL over the row `{0}`
    own      of a record that an import has planned: its columns that hold such identifiers; `through`: reference ->
             what is derived of the record referred to; `alone`: (column, value) with which its own are all
    """

    sql: str
    own: tuple[str, ...]
    through: Mapping[str, str] = field(default_factory=dict)
    alone: tuple[str, str] | None = None

    def needs(self, t: "RecordType") -> frozenset[str]:
        """The columns of a planned record that must be kept for it."""
        alone = (self.alone[0],) if self.alone else ()
        return frozenset((*self.own, *(t.reference(name).id_column for name in self.through), *alone)) - {"id"}
