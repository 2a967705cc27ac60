"""A clerk who edits an exported ledger offline, and what must come of it: a three-way merge that knows no importer."""

import csv
import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import openpyxl
import pandas

BLANK = object()  # a cell that the clerk has emptied
Edits = dict[str, dict[str, Any]]  # number -> member -> new value, or BLANK


def same(value: Any) -> Any:
    """A cell that shows the value itself."""
    return value


@dataclass(frozen=True)
class Member:
    """What may be edited: the member of the record, its heading, values of it, and the cells that show them.

    optional   the system may clear it
    by_action  only an action of the system sets it, and only once
    starred    hidden from a loader
    """

    name: str
    heading: str
    values: Sequence[Any]
    cell: Callable[[Any], Any] = same
    optional: bool = True
    by_action: str = ""
    starred: bool = False


def empty(value: Any) -> bool:
    """Whether a member has no value."""
    return value is None or value == []


@dataclass
class Outcome:
    """What must come of one row: the record, and what the row is told."""

    record: dict[str, Any]
    conflicts: set[str] = field(default_factory=set)
    blanks: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    result: str = "unchanged"


def merged(base: Mapping[str, Any], edits: Mapping[str, Any], now: Mapping[str, Any], names: Sequence[str]) -> Outcome:
    """The merge of one row by the members `names`: `base` as exported, `edits` of the clerk, `now` in the system."""
    found, taken = Outcome(dict(now)), {}
    for name in names:
        was, current, edit = base[name], now[name], edits.get(name)
        if edit is BLANK:
            if not empty(was) and not empty(current):
                found.blanks.add(name)
        elif edit is None or edit == was:
            if current != was and not empty(was):
                found.kept.add(name)
        elif current == was:
            taken[name] = edit
        elif current != edit:
            found.conflicts.add(name)
    if found.conflicts:
        found.result, found.kept = "rejected", set()
    elif taken:
        found.result, found.record = "updated", {**now, **taken}
    return found


def chosen(chance: random.Random, members: Sequence[Member], base: Mapping[str, Any]) -> dict[str, Any]:
    """The edits of one row: some members get another value or are emptied; some are typed anew as they are."""
    edits: dict[str, Any] = {}
    for member in chance.sample(members, chance.randint(0, 4)):
        if chance.random() < 0.15 and not empty(base[member.name]):
            edits[member.name] = BLANK
        else:
            edits[member.name] = chance.choice(member.values)
    return edits


def as_csv(content: bytes, edits: Edits, number: str, members: Mapping[str, Member]) -> bytes:
    """The csv, edited as a text."""
    headings, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    at = {heading: place for place, heading in enumerate(headings)}
    for row in rows:
        for name, value in edits.get(row[at[number]], {}).items():
            row[at[members[name].heading]] = "" if value is BLANK else str(members[name].cell(value))
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([headings, *rows])
    return written.getvalue().encode()


def as_openpyxl(content: bytes, edits: Edits, number: str, members: Mapping[str, Member]) -> bytes:
    """The workbook, edited cell by cell."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[3]}
    for row in range(4, sheet.max_row + 1):
        for name, value in edits.get(sheet.cell(row, at[number]).value, {}).items():
            place = sheet.cell(row, at[members[name].heading])
            place.value = None if value is BLANK else _typed(members[name].cell(value))
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def as_pandas(content: bytes, edits: Edits, number: str, members: Mapping[str, Member]) -> bytes:
    """The workbook, read into a frame and written anew: without its title, its formats and its merged cells."""
    [(name, frame)] = pandas.read_excel(
        io.BytesIO(content), sheet_name=None, header=2, dtype=object, engine="openpyxl"
    ).items()
    for at, key in frame[number].items():
        for edited, value in edits.get(key, {}).items():
            cell = None if value is BLANK else _typed(members[edited].cell(value))
            frame.loc[at, members[edited].heading] = cell
    held = io.BytesIO()
    frame.to_excel(held, sheet_name=str(name), index=False)
    return held.getvalue()


def as_ndjson(content: bytes, edits: Edits, number: str, members: Mapping[str, Member]) -> bytes:
    """The lines, each edited as an object."""
    lines = [json.loads(line) for line in content.splitlines()]
    for line in lines:
        line |= {name: None if value is BLANK else value for name, value in edits.get(line["number"], {}).items()}
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)


def _typed(cell: Any) -> Any:
    """A cell as a spreadsheet keeps it: days as days, numbers as numbers."""
    if isinstance(cell, str):
        try:
            return date.fromisoformat(cell)
        except ValueError:
            pass
        try:
            return float(cell)
        except ValueError:
            pass
    return cell
