"""NDJSON to records, line by line: a line that is no record harms no other."""

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
    """A line of NDJSON that is no record, and why."""

    code: str


def read_ndjson(path: Path) -> Iterator[tuple[int, dict[str, Any] | UnreadableLine]]:
    """Line number and object, line by line; blank lines are passed over, a line that is no record says so.

    Raises nothing but what the file system does. Codes of UnreadableLine: not_json, not_an_object, not_utf8,
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
                yield number, _parsed(line)


def _parsed(line: bytes) -> dict[str, Any] | UnreadableLine:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return UnreadableLine(_refusal(line))
    if type(value) is not dict:
        return UnreadableLine("not_an_object")
    members = len(value)
    if not _NESTED.isdisjoint(map(type, value.values())):
        try:
            members = count_members(value, 1)  # the record itself is the first level
        except Refusal:
            return UnreadableLine("too_deep")
    if b"\\" in line and b"\\u0000" in line and _NUL.search(line):
        return UnreadableLine("nul_character")
    # As many members as colons proves that none was lost to a second of its name. Colons in texts break the proof, so
    # next only those count that follow a quote or a space, as a member's must; failing that too, it is parsed again.
    if line.count(b":") != members and sum(map(line.count, _MEMBER_COLONS)) != members:
        try:
            json.loads(line, object_pairs_hook=distinct)
        except Refusal:
            return UnreadableLine("duplicate_member")
    return value


def _refusal(line: bytes) -> str:
    """Why orjson refused a line."""

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
    except (OverflowError, ValueError):  # NaN, Infinity; a number of more digits than Python reads
        return "number_out_of_range"
    return "number_out_of_range"  # read here as infinity
