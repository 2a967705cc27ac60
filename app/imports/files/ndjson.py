"""NDJSON to JSON objects, line by line. A line that is no object does not keep the other lines from being read."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from app.errors import Refusal
from app.imports.files.limits import LONGEST_LINE
from app.strict_json import count_members, distinct

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_NESTED = frozenset({dict, list})
_MEMBER_COLONS = (b'":', b" :", b"\t:", b"\r:")


@dataclass(frozen=True, slots=True)
class UnreadableLine:
    """Stands in the place of a line's object. `code` says why the line holds none."""

    code: str


def read_ndjson(path: Path) -> Iterator[tuple[int, dict[str, Any] | UnreadableLine]]:
    """Yield line number and object of each line. Blank lines are skipped but counted.

    Raises only what the file system raises. Codes of UnreadableLine: not_json, not_an_object, not_utf8,
    duplicate_member, nul_character, lone_surrogate, number_out_of_range, too_deep, line_too_long.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if len(line) > LONGEST_LINE:
                while line and not line.endswith(b"\n"):
                    line = file.readline(LONGEST_LINE)
                yield number, UnreadableLine("line_too_long")
            elif not line.isspace() and line:
                yield number, _parse(line)


def _parse(line: bytes) -> dict[str, Any] | UnreadableLine:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return UnreadableLine(_why_refused(line))
    if type(value) is not dict:
        return UnreadableLine("not_an_object")
    members = len(value)
    if not _NESTED.isdisjoint(map(type, value.values())):
        try:
            members = count_members(value, 1)  # the object itself is the first level
        except Refusal:
            return UnreadableLine("too_deep")
    if b"\\" in line and b"\\u0000" in line and _NUL.search(line):
        return UnreadableLine("nul_character")
    # orjson drops a second member of the same name without a word. As many colons as members prove that none was
    # dropped, without a second parse. Colons within texts break this proof: then only colons behind a quote or a space
    # are counted, as every member has one; if the numbers still differ, the slow parser decides.
    if line.count(b":") != members and sum(map(line.count, _MEMBER_COLONS)) != members:
        try:
            json.loads(line, object_pairs_hook=distinct)
        except Refusal:
            return UnreadableLine("duplicate_member")
    return value


def _why_refused(line: bytes) -> str:
    """The code of what is wrong with a line that orjson refused. Parses the line again with the slow parser."""

    def refuse(constant: str) -> None:
        raise OverflowError(constant)

    try:
        value = json.loads(line.decode(), parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        return "not_utf8"
    except UnicodeEncodeError:
        return "lone_surrogate"
    except RecursionError:
        return "too_deep"
    except json.JSONDecodeError:
        return "not_json"
    except (OverflowError, ValueError):  # NaN, Infinity, or a number of more digits than Python reads
        return "number_out_of_range"
    return "number_out_of_range"  # the slow parser reads such a number as infinity
