"""NDJSON to records, line by line."""

import codecs
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.imports.files.limits import LONGEST_LINE
from app.imports.files.ndjson import UnreadableLine, read_ndjson
from app.strict_json import DEEPEST


def lines(path: Path, content: bytes) -> list[tuple[int, dict[str, Any] | UnreadableLine]]:
    path.write_bytes(content)
    return list(read_ndjson(path))


def test_records_keep_the_number_of_their_line(tmp_path: Path) -> None:
    content = codecs.BOM_UTF8 + '{"a": 1}\n\n  \r\n{"b": "㐂𠮷"}\r\n[1]\n{"c": {"d": [1]}}'.encode()
    assert lines(tmp_path / "a", content) == [
        (1, {"a": 1}),
        (4, {"b": "㐂𠮷"}),
        (5, UnreadableLine("not_an_object")),
        (6, {"c": {"d": [1]}}),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"a": 1', "not_json"),
        (b'{"a": 1} {"b": 2}', "not_json"),
        (b"{'a': 1}", "not_json"),
        (b"null", "not_an_object"),
        (b'{"a": "\xff"}', "not_utf8"),
        ('{"名": "甲"}'.encode("gb18030"), "not_utf8"),
        (b'{"a": NaN}', "number_out_of_range"),
        (b'{"a": -Infinity}', "number_out_of_range"),
        (b'{"a": 1e999}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number_out_of_range"),
        (b'{"a": "\\ud800"}', "lone_surrogate"),
        (b'{"a": "\\u0000"}', "nul_character"),
        (b'{"a": "x\\\\\\u0000"}', "nul_character"),
        (b'{"a": "\x00"}', "not_json"),
        (b'{"a": 1, "a": 2}', "duplicate_member"),
        (b'{"a" : 1, "a"\t:\t2}', "duplicate_member"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_member"),
        (b'{"a": 1, "b": [{"c": ":", "c": 2}]}', "duplicate_member"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "too_deep"),
        (b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "too_deep"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
        (b'{"a":"' + b"x" * LONGEST_LINE + b'"}', "line_too_long"),
    ],
)
def test_a_line_that_is_no_record_says_why_and_harms_no_other(tmp_path: Path, line: bytes, code: str) -> None:
    assert lines(tmp_path / "a", b"{}\n" + line + b'\n{"z": 1}\n') == [
        (1, {}),
        (2, UnreadableLine(code)),
        (3, {"z": 1}),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": "x\\\\u0000"}',
        b'{"a": "12:30", "b": "http://x", "c": "\\":", "d": " : "}',
        b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST,
        b'{"a": {"b": 1}, "b": {"a": 1}}',
        b'{"a": "[{[{' + b"[" * 100 + b'"}',
    ],
)
def test_a_line_that_only_looks_suspicious_is_a_record(tmp_path: Path, line: bytes) -> None:
    assert lines(tmp_path / "a", line) == [(1, json.loads(line))]


names = st.sampled_from(["a", "b", "甲", "", ":", '":', '"', "\\", " :", "a\t:"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | names
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(names, inner), max_size=3).map(tuple),
    max_leaves=8,
)
spaces = st.sampled_from(["", " ", "\t", "  "])


def written(value: Any, space: str) -> tuple[str, bool]:
    """The JSON text of a value, objects given as pairs, and whether any object repeats a name."""
    if isinstance(value, tuple):
        parts = [(name, *written(inner, space)) for name, inner in value]
        body = ("," + space).join(f"{json.dumps(name)}{space}:{space}{text}" for name, text, _ in parts)
        repeats = len({name for name, _, _ in parts}) < len(parts) or any(twice for _, _, twice in parts)
        return f"{{{space}{body}{space}}}", repeats
    if isinstance(value, list):
        inner = [written(part, space) for part in value]
        return "[" + ("," + space).join(text for text, _ in inner) + "]", any(twice for _, twice in inner)
    return json.dumps(value), False


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(members=st.lists(st.tuples(names, values), max_size=4).map(tuple), space=spaces)
def test_a_repeated_member_is_found_wherever_it_hides(tmp_path: Path, members: tuple[Any, ...], space: str) -> None:
    text, repeats = written(members, space)
    [(_, found)] = lines(tmp_path / "a", text.encode())
    assert found == (UnreadableLine("duplicate_member") if repeats else json.loads(text))


def test_no_number_comes_out_infinite(tmp_path: Path) -> None:
    [(_, found)] = lines(tmp_path / "a", b'{"a": 1e308, "b": 123456789012345678901234567890}')
    assert isinstance(found, dict)
    assert all(math.isfinite(number) for number in found.values())
