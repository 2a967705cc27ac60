"""What a record type declares: everything in which types differ. What they share is the rest of the kernel."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from app.kernel.declare.access import Access
from app.kernel.declare.fields import AnyRecord, Choice, Day, Entries, Field, Flag, Reference, Sealed, Text
from app.kernel.declare.ledger import LedgerHabits as LedgerHabits
from app.kernel.declare.ledger import LedgerName as LedgerName
from app.kernel.declare.lifecycle import VOIDED, Lifecycle
from app.kernel.declare.obligations import Obligation


class Check(Protocol):
    """What a type's `check` may ask, and how it refuses. `imported` says that the record is a row of an old ledger."""

    imported: bool
    in_full: bool  # nothing of the record as it was is hidden from the caller
    given: Set[str]  # columns that a request gives, also where they then hold what they held; none of a ledger

    def referenced(self, reference: str, column: str) -> Any:
        """A column of the referenced record that the field `requires`; for a list of references a list.

        `IN_FULL` is a column of each: whether nothing of that record is hidden from the caller.
        """

    def field_error(self, pointer: str, code: str, **params: Any) -> None:
        """Refuse this member with a sentence (422); in an old ledger warn of it."""

    def reject(self, pointer: str, code: str, **params: Any) -> None:
        """Refuse this member with a sentence (422), in an old ledger, too: its row is rejected."""

    def refuse(self, code: str, **params: Any) -> None:
        """Refuse the write with a sentence that has a status of its own; in an old ledger the row is rejected."""


IN_FULL = "in_full"
CheckRule = Callable[[Check, Mapping[str, Any] | None, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Numbering:
    """How business numbers are made.

    letter   of the series: no two types have the same
    digits   how many the running number is padded to
    within   'round': `{round}-{letter}-{n}`, of the round that the field `via` names;
             'jurisdiction': `{code}-{letter}{n}`;
             'record': `{round}-{letter}-{n}`, of the round of the record to which it belongs (`AnyRecord`), or else
             `{code}-{letter}-{n}`
    formula  makes the number of the record's own values instead of a series (rounds)
    assigned only the system and an import give one, so that a number of a secret type tells nothing
    refuses  the code of the sentence that refuses a given number, or None
    """

    letter: str = ""
    digits: int = 3
    within: str = "round"
    via: str = "round"
    formula: Callable[[str, Mapping[str, Any]], str] | None = None
    assigned: bool = False
    refuses: Callable[[str], str | None] | None = None


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


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordType:
    """One record type, validated by the registry at the start. No slots: `cached_property` keeps what follows from it.

    name         in code and of the table; `path` is its name in addresses
    tag          the group in the OpenAPI document
    ledger_name  how a ledger refers to a record of it other than by number
    derived      name -> identifiers that references may `require` like columns
    from_ledgers whether an import may bring records of it
    inherits     reference -> the reference whose record has it, too: copied from there for a caller whose role sees no
                 record of that type and so cannot name one (a department files a case of a clue's round)
    check        the rule over several members; `check_reads` are the columns that it reads
    constraints  name of a CHECK -> (SQL, the member that the refusal names); without SQL a trigger by hand checks it
    unique       name of an index -> columns, unique among records that are not voided
    obligations  what a record obliges to, and by when
    examples     of bodies, by title; the documentation shows them and tests send them
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
    from_ledgers: bool = True
    derived: Mapping[str, Derived] = field(default_factory=dict)
    inherits: Mapping[str, str] = field(default_factory=dict)
    check: CheckRule | None = None
    check_reads: frozenset[str] = frozenset()
    constraints: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unique: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    obligations: tuple[Obligation, ...] = ()
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
        """The values of fields that a body leaves out."""
        given = (f for f in self.fields if isinstance(f, (Choice, Flag)) and f.default is not None)
        return {f.name: f.default for f in given}

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """The fields that point to other records."""
        return self.of_kind(Reference)

    @cached_property
    def reference_columns(self) -> tuple[tuple[Reference, str, str], ...]:
        """Each reference with the names of its two columns. Every write asks for them, so they are made once."""
        return tuple((f, f.id_column, f.number_column) for f in self.references)

    @cached_property
    def named_in_entries(self) -> tuple[tuple[Entries, Reference], ...]:
        """Each field whose entries name a record, with the list of references that keeps these records."""
        kept = {f.within: f for f in self.references if f.within}
        return tuple((f, kept[f.name]) for f in self.of_kind(Entries) if f.names)

    @cached_property
    def own_columns(self) -> frozenset[str]:
        """The columns that a body fills directly: those of fields that are no references, and the note."""
        return frozenset((*(c for f in self.fields if not isinstance(f, Reference) for c in f.columns), "note"))

    @cached_property
    def list_columns(self) -> frozenset[str]:
        """The columns of lists of references: statements get them as JSON, and every other column as an array."""
        return frozenset(column for f in self.references if f.many for column in f.columns)

    def column_sql(self, name: str, row: str) -> str:
        """SQL for a column, or for what is derived of a row."""
        return self.derived[name].sql.format(row) if name in self.derived else f"{row}.{name}"

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
        """The columns that `q` searches: the number, and the texts that are not secret."""
        return ("number", *(f.name for f in self.of_kind(Text) if not f.secret), "note")

    @cached_property
    def sorts(self) -> tuple[str, ...]:
        """The members by which a list can be sorted."""
        days = (f.name for f in self.fields if isinstance(f, Day))
        return ("number", "state", "created_at", "updated_at", *days)

    @cached_property
    def sealed(self) -> tuple[Sealed, ...]:
        """The fields that are stored encrypted, apart from the row."""
        return self.of_kind(Sealed)

    def sealed_member(self, f: Sealed) -> str:
        """The name under which the values of an encrypted field are digested and stored."""
        return f"{self.path}.{f.name}"

    def referable(self, row: str) -> str:
        """SQL for whether something new may refer to the record `row`: it is not voided, and has no successor."""
        return " and ".join(f"{row}.state <> '{state}'" for state in (VOIDED, *self.lifecycle.retired))

    @cached_property
    def names_persons(self) -> bool:
        """Whether a field is personal or secret: whoever keeps such a record keeps what somebody must not see."""
        return any(f.secret for f in self.fields)

    @cached_property
    def rule_reads_references(self) -> bool:
        """Whether `check` reads referenced records, which then must be read before the write."""
        return any(f.requires for f in self.references)

    @cached_property
    def filters(self) -> tuple[Field, ...]:
        """The fields by which a list can be filtered."""
        return tuple(f for f in self.fields if isinstance(f, (Choice, Reference, AnyRecord, Day, Flag)))


HEAD_COLUMNS = ("id", "number", "version", "state", "jurisdiction")
MAKERS = ("created_by", "updated_by")  # each with its role beside it, as <name>_role
TAIL_COLUMNS = (
    "note", "created_at", "created_by", "created_by_role", "updated_at", "updated_by", "updated_by_role",
)  # fmt: skip
_WRITTEN = {"note", "number", "jurisdiction"}
READ_ONLY = frozenset({*HEAD_COLUMNS, *TAIL_COLUMNS, "available_actions", "masked", "imported"}) - _WRITTEN
