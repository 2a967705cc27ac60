"""The columns of a type's ledger, and how a cell of each is read into the stored form of its field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, singledispatch
from typing import Any

from app.imports.files import cells
from app.imports.files.cells import CellProblem, Raw
from app.imports.files.headers import Column
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType

NOTE_HEADINGS = ("备注", "说明", "备注说明")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a row: where (column or member), and the sentence."""

    column: str | None
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """In the place of a value: why a cell has none, and the labels it may hold."""

    code: str
    labels: tuple[str, ...] | None = None


class NotALabel(Exception):
    """A cell holds no label of its vocabulary, or one that may not be said."""

    def __init__(self, code: str, labels: tuple[str, ...]) -> None:
        super().__init__(code)
        self.code, self.labels = code, labels


@cache
def ledger_fields(t: RecordType) -> dict[str, kinds.Field]:
    """The fields that a ledger of this type may hold, extras included, by name."""
    own = {f.name: f for f in t.fields if f.copied is None}
    return own | {f.name: f for f in t.ledger.extra}


def columns_of(t: RecordType) -> list[Column]:
    """The headings by which the columns of a type are recognised."""
    found = [Column("number", t.ledger.number or ("编号",))]
    for f in ledger_fields(t).values():
        found.append(Column(f.name, (f.label, *f.headings), f.required and f.writable))
    claimed = {name for column in found for name in column.names}
    found.append(Column("note", tuple(n for n in NOTE_HEADINGS if n not in claimed)))
    return found


def names_of_references(t: RecordType) -> set[str]:
    """Under these a sheet's cells hold other records as written; a line of NDJSON has the members of a body instead."""
    every = (*t.references, *(f for f in t.ledger.extra if isinstance(f, kinds.Reference)))
    own = {f.name for f in t.fields if not isinstance(f, kinds.Reference)}
    return {key for f in every for key in (f.name, f"{f.name}?")} - own


@singledispatch
def read(f: kinds.Field, raw: Raw, unit: str | None) -> Any:
    """The value of a cell in stored form. Raises CellProblem."""
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
    return cells.day(raw).isoformat()


@read.register
def _(f: kinds.Quantity, raw: Raw, unit: str | None) -> Any:
    return dict(cells.count(raw))


@read.register
def _(f: kinds.Choice, raw: Raw, unit: str | None) -> Any:
    if f.many:
        return [_code(f.terms, part) for part in cells.split(raw, "names")]
    return _code(f.terms, cells.text(raw))


def _code(vocabulary: kinds.Terms, text: str) -> str:
    """The code of a label. Of two codes with one label the first is taken; `read_row` decides by the subject."""
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
    return cells.split(raw, "measures" if f.split == "measures" else "names")


@read.register
def _(f: kinds.Absentees, raw: Raw, unit: str | None) -> Any:
    return [{"name": None, "post": None, "reason": cells.text(raw)}]


@read.register
def _(f: kinds.Reference, raw: Raw, unit: str | None) -> Any:
    return cells.split(raw, "names") if f.many else cells.text(raw)


@cache
def _readers(t: RecordType) -> dict[str, tuple[kinds.Field | None, Any]]:
    """The reader of each column, looked up once for a type."""
    return {name: (f, read.dispatch(type(f))) for name, f in ledger_fields(t).items()}


_PLAIN: tuple[kinds.Field | None, Any] = (None, lambda f, raw, unit: cells.text(raw))
_KEPT = frozenset({str, int, bool, Unreadable, type(None)})


class _Column(dict[Raw, Any]):
    """What the cells of a column mean. Most texts of a ledger come again and again, and each is read once."""

    def __init__(self, f: kinds.Field | None, reader: Any, unit: str | None) -> None:
        self._field, self._reader, self._unit = f, reader, unit
        self._plain = f is None or type(f) is kinds.Text or (isinstance(f, kinds.Reference) and not f.many)

    def __missing__(self, text: Any) -> Any:
        value = (self._plain and cells.plain_text(text)) or self._read(text)
        if type(value) in _KEPT:  # what could be changed is made for each row anew
            self[text] = value
        return value

    def values(self, raws: Sequence[Raw]) -> list[Any]:  # type: ignore[override]
        """The values of the cells: None of a blank one, Unreadable of one that has no one reading."""
        if set(map(type, raws)) == {str}:
            return list(map(self.__getitem__, raws))
        return [self[raw] if isinstance(raw, str) else self._read(raw) for raw in raws]  # 1 and True are equal

    def _read(self, raw: Raw) -> Any:
        if cells.is_blank(raw) and not isinstance(self._field, kinds.Flag):
            return None
        try:
            value = self._reader(self._field, raw, self._unit)
        except NotALabel as problem:
            return Unreadable(problem.code, problem.labels or None)
        except CellProblem as problem:  # what stands in the cell is not repeated: it may be a name
            return Unreadable(problem.code)
        return None if value == [] else value


def read_rows(
    t: RecordType, rows: Sequence[Mapping[str, Raw]], headings: Mapping[str, str], units: Mapping[str, str]
) -> Iterator[tuple[dict[str, Any], list[Problem]]]:
    """Rows of cells as values of fields (references still as written), and what could not be read of each."""
    known, keys = _readers(t), list(rows[0])
    raws = zip(*(row.values() for row in rows), strict=True)  # each row has a cell for each column, in their order
    columns = [
        _Column(*known.get(key, _PLAIN), units.get(key)).values(raw) for key, raw in zip(keys, raws, strict=True)
    ]
    doubtful = any(Unreadable in set(map(type, column)) for column in columns)
    for found in zip(*columns, strict=True):
        values = {key: value for key, value in zip(keys, found, strict=True) if value is not None}
        problems = _taken_out(values, headings) if doubtful else []
        if t.ledger.read_row and not problems:
            t.ledger.read_row(values)
            values = {key: value for key, value in values.items() if value is not None}
        yield values, problems


def _taken_out(values: dict[str, Any], headings: Mapping[str, str]) -> list[Problem]:
    unreadable = {key: value for key, value in values.items() if type(value) is Unreadable}
    for key in unreadable:
        values.pop(key)
    return [Problem(headings.get(key, key), why.code, {}, why.labels) for key, why in unreadable.items()]
