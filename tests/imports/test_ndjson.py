"""Lines of NDJSON: each is a body with its type; traps and wrong members are rejected alone, by name."""

from typing import Any

import pytest

from tests.imports.conftest import Place
from tests.support.callers import CSV, NDJSON
from tests.support.ledgers import FINDING, delimited, finding, lines

TRAPS: dict[str, tuple[bytes, str]] = {
    "not JSON": (b'{"name": ', "line_not_json"),
    "an array": (b'["name"]', "line_not_an_object"),
    "not UTF-8": (b'{"name": "\xff\xfe"}', "line_not_utf8"),
    "a member twice": (b'{"name": "a", "name": "b"}', "line_duplicate_member"),
    "NUL": (b'{"name": "a\\u0000b"}', "line_nul_character"),
    "half a character": (b'{"name": "\\ud800"}', "line_lone_surrogate"),
    "not a number": (b'{"name": NaN}', "line_number_out_of_range"),
    "an infinite number": (b'{"name": 1e999}', "line_number_out_of_range"),
    "a long number": (b'{"name": ' + b"9" * 5000 + b"}", "line_number_out_of_range"),
    "a deep value": (b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}", "line_too_deep"),
    "a bottomless value": (b'{"name": ' + b"[" * 90000, "line_too_deep"),
    "an endless line": (b'{"name": "' + b"x" * 5 * 2**20 + b'"}', "line_line_too_long"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAPS)
async def test_a_line_that_is_no_record_is_rejected_alone(desk: Place, name: str) -> None:
    trap, code = TRAPS[name]
    good = lines([{"number": f"{desk.code}-U500", "name": "好单位", "kind": "other"}])
    done = await desk.api.import_file(trap + b"\n" + good, NDJSON, mode="preview", type="units")
    found = await desk.api.rows(done)
    assert done["state"] == "checked", done
    codes = [e["code"] for e in found[0]["errors"] if e["column"] is None]
    assert (found[0]["row"], found[0]["result"], codes) == (1, "rejected", [code])
    assert len(found[0]["errors"]) == 1, "one thing is wrong with the line: it cannot be read"
    assert (found[1]["row"], found[1]["result"]) == (2, "created")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": 5}, "name", "not_text"), ({"name": ["x"]}, "name", "not_text"), ({"name": {"a": 1}}, "name", "not_text"),
    ({"name": True}, "name", "not_text"), ({"name": "a\x01b"}, "name", "control_characters"),
    ({"kind": "公司"}, "kind", "not_a_choice"),
    ({"parent_number": 5}, "parent_number", "not_a_number"), ({"parent_number": [5]}, "parent_number", "not_a_number"),
    ({"parent_number": {}}, "parent_number", "not_a_number"),
    ({"parent_number": "龙泉镇"}, "parent_number", "not_a_number"),
    ({"parent_number": "X-1"}, "parent_number", "reference_not_found"),
    ({"parent_id": 5}, "parent_id", "not_an_identifier"), ({"parent_id": "x"}, "parent_id", "not_an_identifier"),
    ({"parent_id": {}}, "parent_id", "not_an_identifier"), ({"parent_id": []}, "parent_id", "not_an_identifier"),
    ({"parent_id": "01890000-0000-7000-8000-000000000000"}, "parent_id", "reference_not_found"),
    ({"jurisdiction": "431381"}, "jurisdiction", "jurisdiction_outside"),
    ({"number": 5}, "number", "not_a_number"), ({"number": []}, "number", "not_a_number"),
    ({"number": "x"}, "number", "not_a_number"),
    ({"former_names": "x"}, "former_names", "not_a_list"), ({"former_names": [1]}, "former_names", "not_text"),
    ({"valid_until": 20170101}, "valid_until", "not_a_day"), ({"colour": "red"}, "colour", "unknown_member"),
    ({"state": "merged"}, "state", "set_by_action"), ({"note": 5}, "note", "not_text"),
    ({"version": 3}, "version", "version_of_no_record"), ({"version": "3"}, "version", "not_a_whole_number"),
    ({"parent": "x"}, "parent", "unknown_member"), ({"parent?": "x"}, "parent?", "unknown_member"),
]  # fmt: skip


@pytest.mark.parametrize(("members", "member", "code"), WRONG)
async def test_a_member_of_the_wrong_kind_is_rejected_by_name(
    desk: Place, members: dict[str, Any], member: str, code: str
) -> None:
    row = {"number": f"{desk.code}-U500", "name": "单位", "kind": "other", **members}
    done = await desk.api.import_file(lines([row]), NDJSON, mode="preview", type="units")
    assert done["state"] == "checked", done["problem"]
    [found] = await desk.api.rows(done)
    assert [(e["column"], e["code"]) for e in found["errors"]] == [(member, code)]


async def test_types_may_be_mixed_in_any_order(desk: Place) -> None:
    code, r = desk.code, desk.round
    unit = {"type": "units", "number": f"{code}-U600", "name": "新单位", "kind": "other"}
    team = {"type": "teams", "number": f"{r}-Z-009", "round_number": r, "name": "第九巡察组", "head_name": "组长"}
    target = {"type": "targets", "round_number": r, "team_number": f"{r}-Z-009", "unit_number": f"{code}-U600"}
    child = {
        "type": "units",
        "number": f"{code}-U601",
        "name": "新下级",
        "kind": "other",
        "parent_number": f"{code}-U600",
    }
    done = await desk.api.import_file(lines([target, child, team, unit]), NDJSON, mode="preview")
    assert [(s["type"], s["created"], s["rejected"]) for s in done["sheets"]] == [
        ("units", 2, 0),
        ("teams", 1, 0),
        ("targets", 1, 0),
    ]
    assert {row["row"]: row["type"] for row in await desk.api.rows(done)} == {
        1: "targets",
        2: "units",
        3: "teams",
        4: "units",
    }


async def test_lines_of_no_known_type_are_counted_and_rejected(desk: Place) -> None:
    rows = lines(
        [
            {"name": "x"},
            {"type": "weather"},
            {"type": ["units"]},
            {"type": "units", "number": f"{desk.code}-U1", "name": "a", "kind": "other"},
        ]
    )
    done = await desk.api.import_file(rows + b"{\n", NDJSON, mode="preview")
    assert done["state"] == "checked", done["problem"]
    rejected = await desk.api.rows(done, "rejected")
    assert {e["code"] for row in rejected for e in row["errors"]} >= {"line_without_type"}
    assert sum(s["created"] for s in done["sheets"]) == 1
    assert [(row["row"], row["errors"][0]["code"]) for row in rejected] == [
        (5, "line_not_json"),
        (1, "line_without_type"),
    ]
    assert "有 3 行" in rejected[-1]["errors"][0]["message"]


async def test_a_csv_with_tabs_or_semicolons_or_in_utf_16_reads_the_same(desk: Place) -> None:
    rows = [FINDING, finding(desk.code, 1)]
    for encoding, delimiter in (("utf-8", "\t"), ("utf-8-sig", ";"), ("gb18030", ","), ("utf-16", "\t")):
        done = await desk.api.import_file(delimited(rows, encoding, delimiter), CSV, mode="preview", type="findings")
        assert (done["sheets"][0]["created"], done["encoding"]) == (1, encoding)
