"""The kinds of field a record can have.

A record type lists its fields once, in `fields.py` of its folder. From that list come the columns of the table
(`schema/tables.py`), the schemas of requests and answers (`schema/models.py`), the filters of the list
(`sql/listing.py`) and the headings of a ledger (`imports/mapping/columns.py`); see decision 3.

A value is stored in the form in which it is sent, so that 'unchanged' means the same in a request and in the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Terms:
    """A closed vocabulary: the code on the wire, and the labels that a ledger may hold for it, the usual one first.

    refused   codes that are never accepted -> the code of the sentence that tells why
    """

    name: str
    labels: Mapping[str, tuple[str, ...]]
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, in the order of the rule they come from."""
        return tuple(self.labels)

    def label(self, code: str) -> str:
        """The usual Chinese label of a code."""
        return self.labels[code][0]


def terms(name: str, **labels: str | tuple[str, ...]) -> Terms:
    """A vocabulary written as code=label or code=(label, other label)."""
    return Terms(name, {code: (text,) if isinstance(text, str) else text for code, text in labels.items()})


@dataclass(frozen=True)
class Field:
    """What every kind of field says about itself. Without slots, so that what follows from it is worked out once.

    name       member of the JSON document, and column of the table
    label      Chinese name, also the usual heading in a ledger
    help       meaning, unit, and the article of the rule, where there is one
    required   must be given on create
    set_by     only actions and imports set it; a body may not hold it (contract: †)
    corrected  of a field that is `set_by`: whether a correction may set it, too
    in_ledger  whether a row of a ledger may give it
    copied     (reference, column): copied from the referenced record whenever that reference is written
    secret     personal or secret (contract: *)
    headings   other headings clerks write for it
    sample     a realistic value for the documentation
    """

    name: str
    label: str
    help: str = ""
    required: bool = False
    set_by: bool = False
    corrected: bool = True
    in_ledger: bool = True
    copied: tuple[str, str] | None = None
    secret: bool = False
    headings: tuple[str, ...] = ()
    sample: Any = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, and the members of the answer, that hold this field."""
        return (self.name,)

    @property
    def members(self) -> tuple[str, ...]:
        """The members of the answer that hold this field."""
        return self.columns

    @cached_property
    def writable(self) -> bool:
        """Whether a create or change body may hold it."""
        return not self.set_by and self.copied is None


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
    """A code of a closed vocabulary, or (`many`) a list of them."""

    terms: Terms = Terms("", {})
    many: bool = False
    default: str | None = None


@dataclass(frozen=True)
class Lines(Field):
    """A list of texts. `split` says where a ledger's cell is cut: at 、，,； ('names'), or only at ； ('measures')."""

    split: str = "names"
    longest: int = 500


@dataclass(frozen=True)
class Quantity(Field):
    """A count of people or households with its qualifier: {"value": 300, "qualifier": "at_least"} is 300余."""


@dataclass(frozen=True)
class Absentees(Field):
    """Members of a leadership team who were not present: name, post, reason."""


@dataclass(frozen=True)
class Recusals(Field):
    """Accounts that stay away from a record (回避), each with the reason."""


@dataclass(frozen=True)
class Reference(Field):
    """Another record of the same jurisdiction, or (`many`) a list of them.

    A body gives either member of `round` (`round_id` or `round_number`); an answer gives both.

    requires   columns of the referenced record that the `check` of the referring type reads
    follows    the record follows from the one referred to: both stand in one chain (reports/chain.py)
    """

    to: str = ""
    many: bool = False
    requires: tuple[str, ...] = ()
    follows: bool = False

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
