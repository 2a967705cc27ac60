"""What the readers of files give: sheets, rows and cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class CellInDoubt:
    """Stands in the place of a cell that does not hold what it shows. `code` names the sentence that says why."""

    code: str

    def __str__(self) -> str:
        return ""


class MergedText(str):
    """The text of a merged range that several entries share."""

    __slots__ = ()


class MergedNumber(float):
    """The number of a merged range that several entries share."""


class Number1904(float):
    """A number of a workbook whose days are counted from 1904."""


class MergedNumber1904(Number1904):
    """Both."""


Raw = str | float | int | bool | date | datetime | CellInDoubt | None
Row = tuple[int, list[Raw]]  # its number as Excel counts, and its cells
SHARED = (MergedText, MergedNumber, MergedNumber1904)


class CellProblem(Exception):
    """A cell that cannot be read in exactly one way. `code` names the reason, `value` is the cell's text.

    `params` fill the sentence; they never hold the text, which may be the name of a person.
    """

    def __init__(self, code: str, raw: Raw, **params: int) -> None:
        self.code, self.params = code, params
        self.value = ("" if raw is None else str(raw)).strip()[:100]
        super().__init__(code, self.value)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet, numbered as Excel counts. They can be read once. An empty cell is "" or None.

    Every cell of a merged range holds its value, but a row with no filled cell of its own stays blank.
    """

    name: str
    rows: Iterable[Row]
    hidden_rows: frozenset[int] = frozenset()
    hidden: bool = False  # the workbook does not show it
    ragged: bool = False  # a row has only the cells that are written in it
