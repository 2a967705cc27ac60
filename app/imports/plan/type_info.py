"""What an import needs to know of a record type: its references, its keys, its days; and the refusal of a type."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from app.errors import Refusal
from app.kernel.declare.fields import Day, Field, Reference, Sealed
from app.kernel.declare.record_type import RecordType
from app.kernel.store import RequestContext


def not_permitted(ctx: RequestContext, t: RecordType, in_file: frozenset[str] = frozenset()) -> Refusal:
    """The refusal of a file that holds this type, which the caller may not import. It names all such types of it."""
    types = [o for o in ctx.runtime.registry.types if o.path in in_file and not ctx.imports(o)]
    return Refusal("import_not_permitted", label="、".join(o.label for o in types or [t]))


@dataclass(frozen=True, slots=True)
class RowReference:
    """A reference as a row may give it."""

    field: Reference
    name: str  # in a sheet: the number or name of the record, as written
    to: str
    many: bool
    id_column: str
    number_column: str
    tentative: str  # `name?`: as `name`, but not an error if no record is found
    required: bool
    set_by: bool
    texts: tuple[str, str, str]  # the columns that hold what was written, in the place of an identifier


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """One record type as an import sees it. Worked out once for a type and not once for a row.

    references        all that a row may give, those of extra columns included
    in_sheet, in_line references in the order in which they are resolved: the round first; only sheets have extra ones
    extra_ids         identifiers that are dropped once they have helped to find other records
    not_values        columns of a row that hold no values of the type's own fields
    ids               columns of identifiers that the record keeps
    own_ids           those of them that refer to records of the same type
    judged_ids        those of them whose records the type's rule reads
    required          fields that a row must fill, references aside
    defaults          column -> value of a new record where the row gives none
    columns           every column of the type -> None: what the type's rule reads where a row has no value
    key               columns of the natural key
    days              fields that hold a day
    round             the reference to the round of a record
    self_referencing  a row may refer to any other row of its sheet, also below it: such a sheet is one batch
    """

    references: tuple[RowReference, ...]
    in_sheet: tuple[RowReference, ...]
    in_line: tuple[RowReference, ...]
    extra_ids: tuple[str, ...]
    not_values: frozenset[str]
    ids: tuple[str, ...]
    own_ids: tuple[str, ...]
    judged_ids: tuple[str, ...]
    required: tuple[Field, ...]
    defaults: dict[str, Any]
    columns: dict[str, None]
    key: tuple[str, ...]
    sealed: bool
    self_referencing: bool
    days: tuple[Day, ...]
    round: Reference | None


def _row_reference(f: Reference) -> RowReference:
    required, tentative = f.required and f.writable, f"{f.name}?"
    texts = f.name, tentative, f.number_column
    return RowReference(f, f.name, f.to, f.many, f.id_column, f.number_column, tentative, required, f.set_by, texts)


@cache
def type_info(t: RecordType) -> TypeInfo:
    """The TypeInfo of a record type."""
    extra = tuple(_row_reference(f) for f in t.ledger.extra if isinstance(f, Reference))
    own = tuple(_row_reference(f) for f in t.references if f.in_ledger)
    names = {c for f in t.fields if not isinstance(f, Reference) and f.copied is None for c in f.columns} | {"note"}
    ids = tuple(f.id_column for f in t.references if f.copied is None and f.in_ledger)
    extras = {f.name for f in t.ledger.extra} | set(t.ledger.agrees)
    by_name = {f.name: f for f in t.fields}
    return TypeInfo(
        references=(*own, *extra),
        in_sheet=_in_order((*extra, *own)),
        in_line=_in_order(own),
        extra_ids=tuple(r.id_column for r in extra if r.name not in {o.name for o in own}),
        not_values=frozenset(ids) | (extras - names) | {"number"},
        ids=ids,
        own_ids=tuple(f.id_column for f in t.references if f.copied is None and f.to == t.path),
        judged_ids=tuple(f.id_column for f in t.references if f.requires),
        required=tuple(f for f in t.fields if f.required and f.writable and not isinstance(f, Reference)),
        defaults=t.defaults,
        columns=dict.fromkeys(t.columns),
        key=tuple(f.id_column if isinstance(f := by_name[n], Reference) else n for n in t.ledger.key),
        sealed=bool(t.of_kind(Sealed)),
        self_referencing=any(f.to == t.path and not f.set_by for f in t.references),
        days=tuple(f for f in t.fields if isinstance(f, Day) and f.in_ledger),
        round=next((f for f in t.references if f.name == "round"), None),
    )


def _in_order(references: tuple[RowReference, ...]) -> tuple[RowReference, ...]:
    return tuple(sorted((r for r in references if not r.field.copied), key=lambda r: r.name != "round"))
