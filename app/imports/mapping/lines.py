"""The lines of NDJSON as values of fields. A line has the members of a request body, and may name its record type."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from app.imports.files.ndjson import UnreadableLine, read_ndjson
from app.imports.mapping.columns import VERSION, RowProblem
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import READ_ONLY, RecordType


def type_of_line(line: Any) -> str | None:
    """The path of the record type that a line names (`findings`), None if it names none."""
    path = line.get("type") if isinstance(line, dict) else None
    return path if isinstance(path, str) else None


def lines_of_type(path: Path, wanted: str) -> Iterator[tuple[int, Any]]:
    """Line number and object of the lines that name this record type."""
    for number, line in read_ndjson(path):
        if isinstance(line, dict) and line.get("type") == wanted:
            yield number, line


def read_lines(
    t: RecordType, lines: Sequence[dict[str, Any] | UnreadableLine], jurisdiction: str
) -> Iterator[tuple[dict[str, Any] | None, list[RowProblem]]]:
    """The values of each line, None for a line that is no object, and what is wrong with it."""
    names = _names_in_sheets(t)
    for line in lines:
        if isinstance(line, UnreadableLine):
            yield None, [RowProblem(None, f"line_{line.code}")]
            continue
        if "version" in line and "masked" in line:
            line = {**_as_in_a_body(t, line), VERSION.name: line[VERSION.name]}
        line.pop("errors", None)  # of a returned file
        code = line.pop("jurisdiction", jurisdiction)
        line.pop("type", None)
        values = {k: v for k, v in line.items() if v is not None} if None in line.values() else line
        problems = []
        if not names.isdisjoint(values):
            for name in names & values.keys():
                problems.append(RowProblem(name, "unknown_member", {"name": name}))
                values.pop(name)
        version = values.get(VERSION.name, 1)
        if type(version) is not int or version < 1:
            problems.append(RowProblem(VERSION.name, "not_a_whole_number"))
            values.pop(VERSION.name)
        if code not in (None, jurisdiction):
            problems.append(RowProblem("jurisdiction", "jurisdiction_outside"))
        yield values, problems


def blank_members(line: Mapping[str, Any]) -> set[str]:
    """The members of a line that are null, but for those that were masked when it was exported."""
    return {name for name, value in line.items() if value is None} - _masked(line)


def _masked(line: Mapping[str, Any]) -> set[str]:
    masked = line.get("masked")
    return {m for m in masked if isinstance(m, str)} if isinstance(masked, list) else set()


def _as_in_a_body(t: RecordType, line: dict[str, Any]) -> dict[str, Any]:
    """A record as it was exported, without what no body may hold, and what was masked."""
    hidden = _masked(line)
    return {k: v for k, v in line.items() if k not in _not_in_bodies(t) and k not in hidden}


@cache
def _not_in_bodies(t: RecordType) -> frozenset[str]:
    others = (c for f in t.fields if f.copied or not f.in_ledger for c in f.columns)
    return frozenset((*READ_ONLY, *others))


def _names_in_sheets(t: RecordType) -> set[str]:
    """The names of references as written in a sheet. They are no members of a body, so a line may not have them."""
    references = (*t.references, *(f for f in t.ledger.extra if isinstance(f, kinds.Reference)))
    own = {f.name for f in t.fields if not isinstance(f, kinds.Reference)}
    return {key for f in references for key in (f.name, f"{f.name}?")} - own
