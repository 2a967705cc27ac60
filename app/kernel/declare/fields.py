"""The kinds of field a record can have.

A record type lists its fields once, in `fields.py` of its folder. From that list come the columns of the table
(`schema/tables.py`), the schemas of requests and answers (`schema/models.py`), the filters of the list
(`sql/listing.py`) and the headings of a ledger (`imports/mapping/columns.py`); see decision 3.

A value is stored in the form in which it is sent, so that 'unchanged' means the same in a request and in the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from app.kernel.declare.field import Field as Field
from app.kernel.declare.field import Terms as Terms
from app.kernel.declare.field import terms as terms

NO_TERMS = Terms("", {})


@dataclass(frozen=True)
class Text(Field):
    """Text of one or more lines, outer spaces removed, no control characters.

    form        checks a code and gives its stored form; ValueError with the code of a sentence refuses it
    of_person   a person's name: when masked, its first character is still shown
    """

    longest: int = 200
    form: Callable[[str], str] | None = None
    of_person: bool = False


@dataclass(frozen=True)
class Sealed(Text):
    """Text that is stored encrypted, apart from the row. The row holds a keyed digest, to search and compare by."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.digest_column,)

    @property
    def members(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def digest_column(self) -> str:
        """The column with the keyed digest."""
        return f"{self.name}_digest"


@dataclass(frozen=True)
class Whole(Field):
    """A whole number.

    money      an amount in fen (分)
    ordinals   a ledger may also write it as an ordinal: 第一种 is 1
    names      it says which (the year, the first round of it) and not how many: records of a ledger may share it
    """

    least: int = 0
    most: int = 2**31 - 1
    money: bool = False
    ordinals: bool = False
    names: bool = False


@dataclass(frozen=True)
class Flag(Field):
    """Yes or no."""

    default: bool | None = None


@dataclass(frozen=True)
class Day(Field):
    """A day in Asia/Shanghai, written 2017-08-04.

    ahead   it may lie in the future: a time limit, the end of a round
    """

    ahead: bool = False


@dataclass(frozen=True)
class Choice(Field):
    """A code of a closed vocabulary, or (`many`) a list of them.

    checked   whether the table holds a CHECK of the codes; not where each new type adds one
    """

    terms: Terms = NO_TERMS
    many: bool = False
    default: str | None = None
    checked: bool = True


@dataclass(frozen=True)
class Lines(Field):
    """A list of texts. `split` says where a ledger's cell is cut: at 、，,； ('names'), or only at ； ('measures')."""

    split: str = "names"
    longest: int = 500


@dataclass(frozen=True)
class Quantity(Field):
    """A count of people or households with its qualifier: {"value": 300, "qualifier": "at_least"} is 300余."""


@dataclass(frozen=True)
class Reference(Field):
    """Another record of the same jurisdiction, or (`many`) a list of them.

    A body gives either member of `round` (`round_id` or `round_number`); an answer gives both.

    requires   columns of the referenced record that the `check` of the referring type reads
    follows    the record follows from the one referred to: both stand in one chain (reports/chain.py)
    within     the `Entries` whose entries name its records, the n-th entry the n-th record (`Entries.records`)
    """

    to: str = ""
    many: bool = False
    requires: tuple[str, ...] = ()
    follows: bool = False
    within: str = ""

    @property
    def given_within(self) -> bool:
        """Whether the entries of another field name its records, so that no body holds it."""
        return bool(self.within)

    @cached_property
    def id_column(self) -> str:
        """The member and column with the identifier(s)."""
        return f"{self.name}_ids" if self.many else f"{self.name}_id"

    @cached_property
    def number_column(self) -> str:
        """The member and column with the business number(s)."""
        return f"{self.name}_numbers" if self.many else f"{self.name}_number"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.id_column, self.number_column)


@dataclass(frozen=True)
class AnyRecord(Field):
    """A record of any type, to which this one belongs for good: it is there for whoever reads that one in full.

    kind   the choice of the type, a field of its own
    """

    kind: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        return (f"{self.name}_id", f"{self.name}_number")


@dataclass(frozen=True)
class Entries(Field):
    """A list of entries, each of several members. It is stored as JSON and replaced as a whole.

    Members of an entry are texts, numbers, days, choices, flags and lists. `names` is the one record that an entry is
    about: a body gives it in the entry, by number or by identifier, and the table keeps it in a list of references of
    its own beside the entries (`records`), so that it is looked up, locked and held like any reference. An entry whose
    record does not exist for the reader is left out of what it reads, and `masked` then names the field. No two entries
    of one body name the same record. A secret member makes the whole list secret.

    entry   name of the schema of one entry
    of      its members
    names   the record that an entry is about
    bare    the member that a cell of a ledger gives if it labels no members; '' if such a cell cannot be read
    split   whether such a cell gives one entry for each name in it
    beside  what the other members then hold
    """

    entry: str = ""
    of: tuple[Field, ...] = ()
    names: Reference | None = None
    bare: str = ""
    split: bool = False
    beside: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(f.secret for f in self.of):
            object.__setattr__(self, "secret", True)
        if self.names:  # a cell has no place for it
            object.__setattr__(self, "in_ledger", False)

    def records(self, name: str) -> Reference:
        """The list of references that keeps the records which the entries name, to be declared after this field."""
        assert self.names
        label = f"{self.label}所涉{self.names.label}"
        help_text = f"与“{self.label}”逐项对应，随其填写。"
        return Reference(
            name, label, help_text, to=self.names.to, many=True, within=self.name, set_by=self.set_by, corrected=False,
            in_ledger=False, requires=self.names.requires,
        )  # fmt: skip

    @property
    def labels(self) -> dict[str, str]:
        """Member of an entry -> its label."""
        return {f.name: f.label for f in self.of}
