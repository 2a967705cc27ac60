"""What a record type declares. What differs between types is said here, once; what is shared is in the kernel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from app.kernel.declare.access import Access
from app.kernel.declare.fields import Choice, Day, Field, Flag, Reference, Sealed, Text
from app.kernel.declare.lifecycle import Lifecycle


class Check(Protocol):
    """What a type's `check` may ask and say. Rules on values are warnings for rows of an old ledger."""

    imported: bool

    def referenced(self, reference: str, column: str) -> Any:
        """A column of the referenced record that the field `carries` (a list for a list of references)."""

    def field_error(self, pointer: str, code: str, **params: Any) -> None:
        """Something is wrong with this member: refused, in an old ledger warned of."""


CheckRule = Callable[[Check, Mapping[str, Any] | None, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Numbering:
    """How business numbers are made.

    letter   of the series; digits it is padded to
    within   'round': `{round}-{letter}-{n}`, the round being that of the field `round` or `via`;
             'jurisdiction': `{code}-{letter}{n}`
    formula  a number made of the record's own values instead of a series (rounds)
    assigned a caller may not give one, except in an import (numbers of secret types tell nothing)
    """

    letter: str = ""
    digits: int = 3
    within: str = "round"
    via: str = "round"
    formula: Callable[[str, Mapping[str, Any]], str] | None = None
    assigned: bool = False


@dataclass(frozen=True, slots=True)
class LedgerName:
    """How a ledger refers to a record of this type other than by number.

    columns   compared after folding, a list column by its items
    within    fields that the referring row and the record must share
    only      further condition on the record: column -> value
    """

    columns: tuple[str, ...]
    within: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerHabits:
    """What a ledger of this type looks like beyond its fields.

    sheets        names of the sheet
    number        headings of the business number
    extra         columns that are not fields; they reach `read_row` and the lifecycle's `entered`
    read_row      turns what stands in a row into values of fields (subject columns, closed-off marks …)
    keeps         fields that a row may change only with allow_register_changes
    key           natural key where the row has no number: fields, unique among live records
    agrees        column of the row -> (reference, column) that must say the same (the person's name)
    """

    sheets: tuple[str, ...]
    number: tuple[str, ...] = ()
    extra: tuple[Field, ...] = ()
    read_row: Callable[[dict[str, Any]], None] | None = None
    keeps: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    agrees: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordType:
    """One record type of the ledger. Validated when the service starts; see `fields.py` of each folder.

    What follows from the fields is worked out once: no slots, so that there is a place to keep it.

    inherits   reference -> the reference whose record has it, too: taken over from there for a caller of a role that
               sees no record of that type and so cannot name one (a department files a case of a clue's round)
    """

    name: str
    path: str
    label: str
    tag: str
    help: str
    fields: tuple[Field, ...]
    lifecycle: Lifecycle
    access: Access
    numbering: Numbering
    ledger: LedgerHabits
    ledger_name: LedgerName | None = None
    virtual: Mapping[str, str] = field(default_factory=dict)
    inherits: Mapping[str, str] = field(default_factory=dict)
    check: CheckRule | None = None
    check_reads: frozenset[str] = frozenset()
    constraints: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unique: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    examples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """Name of the table: the name of the type."""
        return self.name

    def of_kind(self, kind: type[Any]) -> tuple[Any, ...]:
        """The fields of one kind."""
        return tuple(f for f in self.fields if isinstance(f, kind))

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What a record has where nothing else is said."""
        given = (f for f in self.fields if isinstance(f, (Choice, Flag)) and f.default is not None)
        return {f.name: f.default for f in given}

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The fields that point to other records."""
        return self.of_kind(Reference)

    @cached_property
    def list_columns(self) -> frozenset[str]:
        """The columns of lists of references, which travel as JSON where others travel by themselves."""
        return frozenset(column for f in self.references if f.many for column in f.columns)

    def reference(self, name: str) -> Reference:
        """The referring field of that name."""
        return next(f for f in self.references if f.name == name)

    def field(self, name: str) -> Field:
        """The field of that name."""
        return next(f for f in self.fields if f.name == name)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that come from the fields, in order."""
        return tuple(column for f in self.fields for column in f.columns)

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The columns in which `q` looks: number and texts, none that is secret."""
        return ("number", *(f.name for f in self.of_kind(Text) if not f.secret), "note")

    @cached_property
    def sorts(self) -> tuple[str, ...]:
        """The members by which a list can be sorted."""
        days = (f.name for f in self.fields if isinstance(f, Day))
        return ("number", "state", "created_at", "updated_at", *days)

    @cached_property
    def sealed(self) -> tuple[Sealed, ...]:
        """The fields that are kept encrypted apart from the row."""
        return self.of_kind(Sealed)

    def sealed_member(self, f: Sealed) -> str:
        """The name under which the values of an encrypted field are digested and stored."""
        return f"{self.path}.{f.name}"

    @cached_property
    def rule_reads_references(self) -> bool:
        """Whether `check` looks at referenced records, so that they are read before the write."""
        return any(f.requires for f in self.references)

    @cached_property
    def filters(self) -> tuple[Field, ...]:
        """The fields by which a list can be filtered."""
        return tuple(f for f in self.fields if isinstance(f, (Choice, Reference, Day, Flag)))


HEAD = ("id", "number", "version", "state", "jurisdiction")
TAIL = ("note", "created_at", "created_by", "updated_at", "updated_by")
READ_ONLY = frozenset({*HEAD, *TAIL, "available_actions", "masked", "imported"}) - {"note", "number", "jurisdiction"}
