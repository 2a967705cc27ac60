"""What every kind of field says about itself, and the vocabularies that choices are made from."""

from collections.abc import Mapping
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
    fixed      given on create, and never changed
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
    fixed: bool = False
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
        return not self.set_by and self.copied is None and not self.given_within

    @property
    def given_within(self) -> bool:
        """Whether it is given within another field."""
        return False
