"""What ledgers of a record type look like beyond its fields, and how they refer to its records."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.kernel.declare.fields import Field


@dataclass(frozen=True, slots=True)
class LedgerName:
    """How a ledger refers to a record of this type other than by number.

    columns   compared after folding; a list column by its items
    within    fields in which the referring row and the record must agree
    only      column -> value that the record must have
    """

    columns: tuple[str, ...]
    within: tuple[str, ...] = ()
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerHabits:
    """What a ledger of this type looks like beyond its fields.

    sheets        names that its sheet may have
    number        headings of the business number
    extra         columns that are not fields; `read_row` and the lifecycle's `state_on_import` get them
    read_row      turns the cells of a row into values of fields, in place (subject columns, closed-off marks …)
    keeps         fields that a row may change only with allow_register_changes
    key           fields by which a row without a number finds its record: unique among those that are not voided
    agrees        column of the row -> (reference, column) that must hold the same (the person's name)
    yielding      headings that mean their field only where no other heading of that field stands on the sheet
    apart         heading that begins the particulars of somebody who is not kept -> the headings of these particulars
    contradicts   of a row as read the pairs of columns that contradict one another: a warning
    not_before    day -> (reference, day of the record referred to) that it should not lie before: a warning
    span          of a round: the days between which what belongs to it is expected, give or take some years
    """

    sheets: tuple[str, ...]
    number: tuple[str, ...] = ()
    extra: tuple[Field, ...] = ()
    read_row: Callable[[dict[str, Any]], None] | None = None
    keeps: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    agrees: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    yielding: tuple[str, ...] = ()
    apart: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contradicts: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] | None = None
    not_before: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    span: tuple[str, str] | None = None
