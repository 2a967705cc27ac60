"""A csv or NDJSON as it was sent, with what is wrong beside the rejected rows. All else stays as it is to the byte."""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import orjson

from app.imports.files.delimited import csv_delimiter
from app.imports.mapping.columns import NOT_READ

(PROBLEM,) = NOT_READ["problem"]
_ERRORS = b'"errors"'
Messages = Mapping[int, str]  # row, as Excel counts -> what is wrong


def problem_heading(message: str) -> str:
    """The heading 错误. What is wrong with the header stands behind it in brackets, which an import passes over."""
    return f"{PROBLEM}（{message}）" if message else PROBLEM


def marked_csv(source: Path, target: Path, encoding: str, header_row: int, place: int | None, said: Messages) -> None:
    """Write the csv with a last column 错误; one that it has already, at `place`, is written anew."""
    with source.open(encoding=encoding, newline="") as text:
        delimiter = csv_delimiter(text.read(2**16))
        text.seek(0)
        raw: list[str] = []
        with target.open("w", encoding=encoding, newline="") as out:
            width = 0
            for number, cells in enumerate(csv.reader(_noting(text, raw), delimiter=delimiter), 1):
                record = "".join(raw)
                raw.clear()
                message = said.get(number, "")
                if number == header_row:
                    width, message = len(cells), problem_heading(message)
                if place is not None and number >= header_row:
                    if len(cells) <= place:
                        cells += [""] * (place + 1 - len(cells))
                    if cells[place] != message:
                        cells[place] = message
                        record = _line(cells, delimiter)
                elif message:
                    body = record.rstrip("\r\n")
                    missing = delimiter * max(1, width + 1 - len(cells))
                    record = body + missing + _quoted(message) + record[len(body) :]
                out.write(record)


def _noting(text: TextIO, raw: list[str]) -> Iterator[str]:
    """The lines of a file, each added to `raw`."""
    for line in text:
        raw.append(line)
        yield line


def _line(cells: list[str], delimiter: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return written.getvalue()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def marked_ndjson(source: Path, target: Path, said: Mapping[int, list[dict[str, Any]]]) -> None:
    """Write the lines to the byte as they were, but for the member `errors` at the end of a rejected one.

    One from an earlier time goes. A line that is no object is written as the member `line` of one, to bear its errors.
    """
    with source.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines, 1):
            content = line.rstrip(b"\r\n \t")
            mark = codecs.BOM_UTF8 if number == 1 and content.startswith(codecs.BOM_UTF8) else b""
            written = _with_errors(content.removeprefix(mark), said.get(number, []))
            out.write(mark + written + (line[len(content) :] or (b"\n" if number in said else b"")))


def _with_errors(line: bytes, errors: list[dict[str, Any]]) -> bytes:
    if not errors and _ERRORS not in line:
        return line
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        return orjson.dumps({"line": line.decode(errors="replace").strip(), "errors": errors}) if errors else line
    before = _without_errors(line, found)
    if not errors:
        return before
    comma = b"," if len(found.keys() - {"errors"}) else b""
    return before.rstrip()[:-1].rstrip() + comma + _ERRORS + b":" + orjson.dumps(errors) + b"}"


def _without_errors(line: bytes, found: dict[str, Any]) -> bytes:
    """The line without its member `errors`, which is cut off at the end, where a returned file has it.

    Where a caller has written it elsewhere, the line is written anew.
    """
    if "errors" not in found:
        return line
    rest = {name: value for name, value in found.items() if name != "errors"}
    cut = line[: line.rfind(_ERRORS)].rstrip().removesuffix(b",").rstrip() + b"}"
    try:
        same = orjson.loads(cut) == rest
    except orjson.JSONDecodeError:
        same = False
    return cut if same else orjson.dumps(rest)
