"""What each row of a ledger asks of its record type, worked out once for a type and not once for a row."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from app.kernel.declare.fields import Field, Reference, Sealed
from app.kernel.declare.record_type import RecordType


@dataclass(frozen=True, slots=True)
class Referring:
    """A reference of a row, and the members under which a row may give it."""

    field: Reference
    name: str
    to: str
    many: bool
    id_column: str
    number_column: str
    tentative: str
    expected: bool
    set_by: bool
    own: bool

    @property
    def members(self) -> tuple[str, str, str]:
        """The members that hold what was written, in the place of an identifier."""
        return self.name, self.tentative, self.number_column


@dataclass(frozen=True, slots=True)
class Shape:
    """One record type as an import sees it.

    on_sheet, in_line   references in the order in which they are resolved: the round first; a sheet has extra ones
    extra_ids           identifiers that only helped to find others
    not_values          members of a row that are no values of the type's own fields
    ids                 identifiers that a row keeps
    own_ids             those of them that name records of the same type
    required            fields that a row must hold, references aside
    key                 columns of the natural key
    """

    every: tuple[Referring, ...]
    on_sheet: tuple[Referring, ...]
    in_line: tuple[Referring, ...]
    extra_ids: tuple[str, ...]
    not_values: frozenset[str]
    ids: tuple[str, ...]
    own_ids: tuple[str, ...]
    required: tuple[Field, ...]
    defaults: dict[str, Any]
    columns: dict[str, None]
    key: tuple[str, ...]
    sealed: bool
    among_themselves: bool


def _referring(t: RecordType, f: Reference) -> Referring:
    return Referring(
        f, f.name, f.to, f.many, f.id_column, f.number_column, f"{f.name}?", f.required and f.writable, f.set_by,
        any(f is r for r in t.references),
    )  # fmt: skip


@cache
def shape(t: RecordType) -> Shape:
    """The shape of a type."""
    extra = tuple(_referring(t, f) for f in t.ledger.extra if isinstance(f, Reference))
    own = tuple(_referring(t, f) for f in t.references)
    names = {c for f in t.fields if not isinstance(f, Reference) and f.copied is None for c in f.columns} | {"note"}
    ids = tuple(f.id_column for f in t.references if f.copied is None)
    extras = {f.name for f in t.ledger.extra} | set(t.ledger.agrees)
    by_name = {f.name: f for f in t.fields}
    return Shape(
        every=(*own, *extra),
        on_sheet=_in_order((*extra, *own)),
        in_line=_in_order(own),
        extra_ids=tuple(r.id_column for r in extra if r.name not in {o.name for o in own}),
        not_values=frozenset(ids) | (extras - names) | {"number"},
        ids=ids,
        own_ids=tuple(f.id_column for f in t.references if f.copied is None and f.to == t.path),
        required=tuple(f for f in t.fields if f.required and f.writable and not isinstance(f, Reference)),
        defaults=t.defaults,
        columns=dict.fromkeys(t.columns),
        key=tuple(f.id_column if isinstance(f := by_name[n], Reference) else n for n in t.ledger.key),
        sealed=bool(t.of_kind(Sealed)),
        among_themselves=any(f.to == t.path and not f.set_by for f in t.references),
    )


def _in_order(references: tuple[Referring, ...]) -> tuple[Referring, ...]:
    return tuple(sorted((r for r in references if not r.field.copied), key=lambda r: r.name != "round"))
