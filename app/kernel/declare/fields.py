"""The kinds of field a record can have.

A record type lists its fields once, in `fields.py` of its folder. From that list come the table's columns
(`kernel/tables.py`), the request and answer schemas (`kernel/schemas.py`), the filters of the list
(`kernel/query.py`) and the headings of a ledger (`imports/columns.py`): see docs/decisions/0003-one-list-of-fields.md.

Every field is stored in the form in which it is sent, so that 'unchanged' means the same everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Terms:
    """A closed vocabulary: code on the wire, and the labels a ledger may hold for it, the usual one first.

    refused   what may not be said at all, and the code of the sentence that tells why
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


@dataclass(frozen=True, slots=True)
class Field:
    """What every kind of field says about itself.

    name       member of the JSON document, and column of the table
    label      Chinese name, also the usual heading in a ledger
    help       meaning, unit, and the article of the rule, where there is one
    required   must be given on create
    set_by     actions (or an import) set it; a body may not (contract: †)
    copied     (reference, column): taken over from a referenced record when that reference is written
    secret     personal or secret (contract: *)
    headings   other headings clerks write for it
    sample     a realistic value for the documentation
    """

    name: str
    label: str
    help: str = ""
    required: bool = False
    set_by: bool = False
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

    @property
    def writable(self) -> bool:
        """Whether a create or change body may hold it."""
        return not self.set_by and self.copied is None


@dataclass(frozen=True, slots=True)
class Text(Field):
    """Text of one or more lines, outer spaces removed, no control characters.

    form        checks and folds a code
    of_person   a person's name: masked, its first character is left
    """

    longest: int = 200
    form: Callable[[str], str] | None = None
    of_person: bool = False


@dataclass(frozen=True, slots=True)
class Sealed(Text):
    """Text kept encrypted apart from the row; the row holds a keyed digest, by which it is found and compared."""

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


@dataclass(frozen=True, slots=True)
class Whole(Field):
    """A whole number. `money` means integer fen (分)."""

    least: int = 0
    most: int = 2**31 - 1
    money: bool = False
    ordinals: bool = False  # 第一种 … is read as 1 …


@dataclass(frozen=True, slots=True)
class Flag(Field):
    """Yes or no."""

    default: bool | None = None


@dataclass(frozen=True, slots=True)
class Day(Field):
    """A day in Asia/Shanghai, written 2017-08-04."""


@dataclass(frozen=True, slots=True)
class Choice(Field):
    """A code of a closed vocabulary, or (`many`) a list of them."""

    terms: Terms = Terms("", {})
    many: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Lines(Field):
    """A list of texts. `split` says how a ledger cell is cut: at 、，,； ('names') or only at ； ('measures')."""

    split: str = "names"
    longest: int = 500


@dataclass(frozen=True, slots=True)
class Quantity(Field):
    """A count of people or households with its qualifier: {"value": 300, "qualifier": "at_least"} is 300余."""


@dataclass(frozen=True, slots=True)
class Absentees(Field):
    """Members of a leadership team who were not present: name, post, reason."""


@dataclass(frozen=True, slots=True)
class Reference(Field):
    """Another record of the same jurisdiction, or (`many`) a list of them.

    `name` is without its ending: `round` is written as round_id or round_number and answered as both.
    carries   columns of the referenced record that this type's `check` looks at
    """

    to: str = ""
    many: bool = False
    requires: tuple[str, ...] = ()

    @property
    def id_column(self) -> str:
        """The member and column with the identifier(s)."""
        return f"{self.name}_ids" if self.many else f"{self.name}_id"

    @property
    def number_column(self) -> str:
        """The member and column with the business number(s)."""
        return f"{self.name}_numbers" if self.many else f"{self.name}_number"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.id_column, self.number_column)
