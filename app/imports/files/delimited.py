"""Delimited text to rows, in any of the encodings that clerks' machines write."""

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import TextIO, cast

from app.imports.files.limits import DEFAULT_LIMITS, LONGEST_LINE, NO_TEXT, Limits, UnreadableFile, require_text
from app.imports.files.raw import Raw, Sheet

PROOF_OF_UTF_8 = 200  # Chinese characters, in the first 64 KiB of a file


def read_csv(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, Sheet]:
    """The encoding of delimited text (utf-8-sig, utf-8, gb18030 or utf-16), and its one sheet, whose cells are texts.

    The whole file is decoded once to choose the encoding, because a GB18030 file may begin with valid UTF-8. A file
    that begins with many Chinese characters in UTF-8 is spared that.
    Raises UnreadableFile: empty_file, undecodable_text, line_too_long; while rows are read also undecodable_text,
    line_too_long, too_many_rows, quote_not_closed, cell_too_long.
    """
    with path.open("rb") as file:
        start = file.read(2**16)
    if not start:
        raise UnreadableFile("empty_file")
    if any(map(start.startswith, NO_TEXT)):
        require_text(start)
    marks = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
    marked = marks.get(start[:3]) or marks.get(start[:2])
    broken_line = 0
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        proven = encoding == "utf-8" and _begins_in_utf_8(start)
        line = None if proven else _undecodable_line(path, encoding)
        if line is None:
            delimiter = csv_delimiter(codecs.getincrementaldecoder(encoding)("replace").decode(start))
            return encoding, Sheet(path.stem, _csv_rows(path, encoding, delimiter, limits), ragged=True)
        broken_line = max(broken_line, line)
    raise UnreadableFile("undecodable_text", line=broken_line)


def _begins_in_utf_8(start: bytes) -> bool:
    """Whether the start of a file holds so many Chinese characters in UTF-8 that it cannot be GB18030 by chance.

    A Chinese character is three bytes of UTF-8. Some bytes of GB18030 can be read as such, but a text of 200
    characters holds others that cannot.
    """
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return sum("\u4e00" <= character <= "\u9fff" for character in text) > PROOF_OF_UTF_8


def _undecodable_line(path: Path, encoding: str) -> int | None:
    """The first line that strict decoding refuses, None if there is none. Reads 64 KiB at a time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, unbroken = 1, 0
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(2**16), b""):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            line += chunk.count(b"\n")
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            unbroken = len(chunk) - end if end >= 0 else unbroken + len(chunk)
            if unbroken > LONGEST_LINE:
                raise UnreadableFile("line_too_long", line=line)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return None


def csv_delimiter(sample: str) -> str:
    """Comma, tab or semicolon: whichever splits a row into most cells, the first row with three cells, else two."""
    parsed = {mark: list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=mark), 20)) for mark in ",\t;"}
    for enough in (3, 2):
        for at in range(20):
            widths = {m: sum(map(bool, map(str.strip, rows[at]))) for m, rows in parsed.items() if at < len(rows)}
            widest = max(widths, key=lambda mark: widths[mark], default=",")
            if widths.get(widest, 0) >= enough:
                return widest
    return ","


def _csv_rows(path: Path, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[Raw]]]:
    """Numbered rows. A line break within quotes starts no new row, so that row numbers stay those of Excel."""
    ended = False

    def lines(text: TextIO) -> Iterator[str]:
        nonlocal ended
        for at in count(1):
            line = text.readline(LONGEST_LINE + 1)
            if len(line) > LONGEST_LINE:  # characters, in a part that the choice of the encoding did not read
                raise UnreadableFile("line_too_long", line=at)
            ended = not line
            if ended:
                return
            yield line

    number, blank = 0, 0
    with path.open(encoding=encoding, newline="") as text:
        try:
            for number, cells in enumerate(csv.reader(lines(text), delimiter=delimiter), 1):
                if ended:  # the reader asked for more within a row: a quote swallowed the rest of the file
                    raise UnreadableFile("quote_not_closed", row=number)
                if not any(cells):  # left behind at the end of a sheet, often by the hundred thousand
                    blank += 1
                    continue
                if number - blank > limits.rows:
                    raise UnreadableFile("too_many_lines", limit=limits.rows)
                yield number, cast(list[Raw], cells)
        except csv.Error:
            raise UnreadableFile("cell_too_long", row=number + 1, limit=csv.field_size_limit()) from None
        except UnicodeDecodeError:  # in a part that the choice of the encoding did not read
            raise UnreadableFile("undecodable_text", line=_undecodable_line(path, encoding) or 0) from None
