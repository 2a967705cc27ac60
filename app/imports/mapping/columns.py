"""The columns of a record type's sheet, and the reading of their cells into the stored form of the fields."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, singledispatch
from typing import Any

from app.imports.files import cells, entries
from app.imports.files.days import day
from app.imports.files.located import Column
from app.imports.files.raw import SHARED, CellProblem, Raw
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType

# Columns that a sheet may have beside those of its type. An export has the version that it shows of each record, and a
# returned workbook what is wrong with a row, which is known and not read.
VERSION = kinds.Whole("version", "版本", names=True, headings=("版本号",))
NOT_READ = {"problem": ("错误",)}
NOTE_HEADINGS = ("备注", "说明", "备注说明")


@dataclass(frozen=True)
class RowProblem:
    """One thing that is wrong with a row, or to be warned of."""

    column: str | None  # heading of the sheet, or member of the line; None where the row as a whole is meant
    code: str  # of a sentence (app/sentences)
    params: Mapping[str, Any] = field(default_factory=dict)
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class UnreadableCell:
    """Stands in the place of a value that a cell does not have: why, and the labels that the cell may hold."""

    code: str
    labels: tuple[str, ...] | None = None
    params: Mapping[str, int] = field(default_factory=dict)


class NotALabel(Exception):
    """A cell holds no label of its vocabulary, or a label that is refused."""

    def __init__(self, code: str, labels: tuple[str, ...]) -> None:
        super().__init__(code)
        self.code, self.labels = code, labels


@cache
def ledger_fields(t: RecordType) -> dict[str, kinds.Field]:
    """The fields for which a sheet of this type may have a column, by name. Extra columns of the type are included."""
    own = {f.name: f for f in t.fields if f.copied is None and f.in_ledger}
    return own | {f.name: f for f in t.ledger.extra}


@cache
def columns_of(t: RecordType) -> tuple[Column, ...]:
    """The columns of a type with the headings by which they are recognised."""
    columns = [Column("number", t.ledger.number or ("编号",))]
    for f in ledger_fields(t).values():
        asked = f.required and f.writable and f not in t.ledger.extra  # an extra one may be needed by some rows alone
        columns.append(Column(f.name, (f.label, *f.headings), asked, t.ledger.yielding))
    taken = {name for column in columns for name in column.names}
    columns.append(Column("note", tuple(n for n in NOTE_HEADINGS if n not in taken)))
    columns.append(Column(VERSION.name, tuple(n for n in (VERSION.label, *VERSION.headings) if n not in taken)))
    return (*columns, *(Column(key, names) for key, names in NOT_READ.items()))


@singledispatch
def read(f: kinds.Field, raw: Raw, unit: str | None) -> Any:
    """The value of a cell in stored form, by the kind of its field. Raises CellProblem and NotALabel.

    `unit` is the money unit of the column. A reference stays as written: `plan/resolve.py` looks for its record.
    """
    raise NotImplementedError(type(f).__name__)


@read.register
def _(f: kinds.Text, raw: Raw, unit: str | None) -> Any:
    return cells.text(raw)


@read.register
def _(f: kinds.Whole, raw: Raw, unit: str | None) -> Any:
    if f.money:
        return cells.money_fen(raw, unit)
    if f.ordinals and isinstance(raw, str):
        raw = _ordinal(raw)
    return cells.whole(raw)


def _ordinal(text: str) -> str:
    inner = text.strip().removeprefix("第").removesuffix("种形态").removesuffix("种")
    return {"一": "1", "二": "2", "三": "3", "四": "4"}.get(inner, inner)


@read.register
def _(f: kinds.Flag, raw: Raw, unit: str | None) -> Any:
    return cells.truth(raw)


@read.register
def _(f: kinds.Day, raw: Raw, unit: str | None) -> Any:
    return day(raw).isoformat()


@read.register
def _(f: kinds.Quantity, raw: Raw, unit: str | None) -> Any:
    return dict(cells.count(raw))


@read.register
def _(f: kinds.Choice, raw: Raw, unit: str | None) -> Any:
    if f.many:
        return [_code(f.terms, part) for part in cells.split(raw, "names")]
    return _code(f.terms, cells.text(raw))


def _code(vocabulary: kinds.Terms, text: str) -> str:
    """The code of a label. Of two codes with one label it is the first; `read_row` of the type may choose the other."""
    wanted = cells.fold_name(text)
    for label, code in vocabulary.refused.items():
        if cells.fold_name(label) == wanted:
            raise NotALabel(code, ())
    for code, labels in vocabulary.labels.items():
        if wanted == code or wanted in map(cells.fold_name, labels):
            return code
    raise NotALabel("not_a_label", tuple(labels[0] for labels in vocabulary.labels.values()))


@read.register
def _(f: kinds.Lines, raw: Raw, unit: str | None) -> Any:
    if (exact := entries.exact(raw)) is not None:
        return exact
    return cells.split(raw, "measures" if f.split == "measures" else "names")


@read.register
def _(f: kinds.Entries, raw: Raw, unit: str | None) -> Any:
    if (exact := entries.exact(raw)) is not None:
        return exact
    if (found := entries.labelled(raw, f.labels)) is not None:
        return [{m.name: None if e[m.name] is None else read(m, e[m.name], None) for m in f.of} for e in found]
    if not f.bare:
        raise CellProblem("entries_not_labelled", raw)
    empty = {**dict.fromkeys(f.labels), **f.beside}
    return [{**empty, f.bare: one} for one in (cells.split(raw, "names") if f.split else [cells.text(raw)])]


@read.register
def _(f: kinds.Reference, raw: Raw, unit: str | None) -> Any:
    return cells.split(raw, "names") if f.many else cells.text(raw)


@cache
def _readers(t: RecordType) -> dict[str, tuple[kinds.Field | None, Any]]:
    """The reader of each column, chosen once for a type and not once for a cell."""
    return {name: (f, read.dispatch(type(f))) for name, f in ({VERSION.name: VERSION} | ledger_fields(t)).items()}


_TEXT_READER: tuple[kinds.Field | None, Any] = (None, lambda f, raw, unit: cells.text(raw))
_IMMUTABLE = frozenset({str, int, bool, UnreadableCell, type(None)})


class _ColumnReader(dict[Raw, Any]):
    """Reads the cells of one column of a batch. Maps each text to its value.

    Most texts of a ledger occur many times. Each is read once and then looked up here, which costs a row one dictionary
    access for a cell. Values that could be changed in place are not kept: every row gets its own.
    """

    def __init__(self, f: kinds.Field | None, reader: Any, unit: str | None) -> None:
        self._field, self._reader, self._unit = f, reader, unit
        self._named = isinstance(f, kinds.Whole) and (f.ordinals or f.names)  # a whole number that counts nothing
        self._required = f is not None and f.required and f.writable
        self._plain = f is None or type(f) is kinds.Text or (isinstance(f, kinds.Reference) and not f.many)

    def __missing__(self, text: Any) -> Any:
        value = (self._plain and cells.plain_text(text)) or self._read(text)
        if type(value) in _IMMUTABLE:
            self[text] = value
        return value

    def read_cells(self, raws: Sequence[Raw]) -> list[Any]:
        """The values of the cells: None for a blank cell, UnreadableCell for one that cannot be read."""
        if set(map(type, raws)) == {str}:
            return list(map(self.__getitem__, raws))
        # Only plain texts are looked up: as keys, 1 and True would be the same, and a merged text one that is not.
        return [self[raw] if type(raw) is str else self._read(raw) for raw in raws]

    def _read(self, raw: Raw) -> Any:
        if cells.is_blank(raw) and not isinstance(self._field, kinds.Flag):
            return None
        if isinstance(raw, SHARED) and isinstance(self._field, kinds.Whole | kinds.Quantity) and not self._named:
            return UnreadableCell("merged_figure")
        try:
            value = self._reader(self._field, raw, self._unit)
        except NotALabel as problem:
            return UnreadableCell(problem.code, problem.labels or None)
        except CellProblem as problem:  # its `value` is left out: the cell may hold the name of a person
            code = "day_needed" if problem.code == "day_missing" and self._required else problem.code
            return UnreadableCell(code, None, problem.params)
        return None if value == [] else value


def read_rows(
    t: RecordType, rows: Sequence[Mapping[str, Raw]], headings: Mapping[str, str], units: Mapping[str, str]
) -> Iterator[tuple[dict[str, Any], list[RowProblem]]]:
    """The values of each row of a batch (references still as written), and the cells that could not be read.

    The batch is read column by column. Every row has a cell for each column, in the same order.
    """
    readers, keys = _readers(t), list(rows[0])
    raws = zip(*(row.values() for row in rows), strict=True)
    columns = [
        _ColumnReader(*readers.get(key, _TEXT_READER), units.get(key)).read_cells(raw)
        for key, raw in zip(keys, raws, strict=True)
        if key not in NOT_READ
    ]
    keys = [key for key in keys if key not in NOT_READ]
    any_unreadable = any(UnreadableCell in set(map(type, column)) for column in columns)
    for row in zip(*columns, strict=True):
        values = {key: value for key, value in zip(keys, row, strict=True) if value is not None}
        problems = _remove_unreadable(values, headings) if any_unreadable else []
        if t.ledger.read_row and not problems:
            t.ledger.read_row(values)
            values = {key: value for key, value in values.items() if value is not None}
        yield values, problems


def _remove_unreadable(values: dict[str, Any], headings: Mapping[str, str]) -> list[RowProblem]:
    unreadable = {key: value for key, value in values.items() if type(value) is UnreadableCell}
    for key in unreadable:
        values.pop(key)
    return [RowProblem(headings.get(key, key), why.code, why.params, why.labels) for key, why in unreadable.items()]
