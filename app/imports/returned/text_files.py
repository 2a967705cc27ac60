"""A csv or NDJSON as it was sent, with what is wrong beside the rejected rows. All else stays as it is to the byte."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import orjson

from app.imports.files.delimited import csv_delimiter
from app.imports.mapping.columns import NOT_READ

(PROBLEM,) = NOT_READ["problem"]
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
    """Write the lines; a rejected one with its `errors`, and one that is no object as the member `line` of one."""
    with source.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines, 1):
            out.write(_with_errors(line, said[number]) if number in said else line)


def _with_errors(line: bytes, errors: list[dict[str, Any]]) -> bytes:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        found = {"line": line.decode(errors="replace").strip()}
    return orjson.dumps({**found, "errors": errors}, option=orjson.OPT_APPEND_NEWLINE)
