"""POST and an import accept the same records, and say the same of what they refuse."""

import random
from collections import Counter
from typing import Any

import pytest

from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.imports.conftest import MANY, NewPlace, Place
from tests.support.callers import NDJSON
from tests.support.ledgers import ROUND, lines, register, workbook
from tests.support.members import Bodies
from tests.support.proofs import share

ROWS = 500 if MANY else 200
HISTORIES = 500 if MANY else 12
OWN = {
    "id",
    "jurisdiction",
    "created_at",
    "created_by",
    "created_by_role",
    "updated_at",
    "updated_by",
    "updated_by_role",
    "imported",
    "available_actions",
    "masked",
}


@pytest.fixture(scope="module")
async def places(new_place: NewPlace) -> dict[str, Place]:
    """Two jurisdictions with the same registers: one for POST, one for imports."""
    made = {name: await new_place(code, many_units) for name, code in (("post", "510000"), ("file", "520000"))}
    for place in made.values():
        for t in REGISTRY:
            if body := neutral_to(base(t), place.code):
                await place.api.write(f"/v1/{t.path}", body)
        await _shown(place)
    return made


def many_units(code: str) -> bytes:
    """The registers, with as many villages as there are bodies, and a clue that can be transferred."""
    sheets, r = register(code), f"{code}-{ROUND}"
    clues = [
        ["线索编号", "轮次编号", "线索来源", "主要问题", "登记日期"],
        [f"{r}-C-0001", r, "信访举报", "问题", "2017-05-20"],
    ]
    villages = ([f"{code}-U{n}", f"第{n}村", "村组", "", ""] for n in range(1000, 1000 + ROWS))
    return workbook({**sheets, "单位名录": [*sheets["单位名录"], *villages], "问题线索台账": clues})


async def _shown(place: Place) -> None:
    """Lets whoever posts see what an import sees: the office the persons, case supervision the finding and the clue."""
    r, units = place.round, {"authority_unit_number": f"{place.code}-U001"}
    for person in (f"{place.code}-P001", f"{place.code}-P002"):
        talk = {"round_number": r, "kind": "talk", "subject_kind": "person", "person_number": person}
        await place.api.write("/v1/admonishments", {**talk, "held_on": "2017-06-01", **units})
    body = {"route": "discipline", "from_unit_number": f"{place.code}-U003", "to_unit_number": f"{place.code}-U001"}
    body |= {"round_number": r, "clue_numbers": [f"{r}-C-0002"]}
    finding = await place.api.read(f"/v1/findings/{r}-F-0001")
    assert (await place.api.act(finding, "findings", "feed_back", on="2031-06-09")).status_code == 200
    transfer = await place.api.write("/v1/clue-transfers", body)
    assert (await place.api.act(transfer, "clue-transfers", "send", on="2017-06-11")).status_code == 200


def base(t: RecordType) -> dict[str, Any]:
    """A record that others can refer to."""
    r = f"431382-{ROUND}"
    known: dict[str, dict[str, Any]] = {
        "findings": {"round_number": r, "team_number": f"{r}-Z-001", "unit_number": "431382-U045",
                     "category_number": f"{r}-G-002",
                     "title": "甲", "description": "乙", "found_on": "2017-05-14"},
        "clues": {"round_number": r, "source": "petition", "summary": "甲", "registered_on": "2017-05-14"},
        "case-filings": {"round_number": r, "person_number": "431382-P001", "lane": "party", "filed_on": "2017-05-14",
                         "authority_unit_number": "431382-U001"},
    }  # fmt: skip
    return known.get(t.path) or {}


def neutral(value: Any, code: str) -> Any:
    """A document without what belongs to its jurisdiction or to its making."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in OWN and not (k.endswith(("_id", "_ids")) and v is not None)}
        return {k: neutral(v, code) for k, v in kept.items()}
    if isinstance(value, list):
        return [neutral(v, code) for v in value]
    return value.replace(f"{code}-", "431382-") if isinstance(value, str) else value


def field_errors(errors: list[Any], column: str, code: str) -> list[tuple[str, str, str, Any]]:
    """What is said of each member, in a form that both ways have."""
    said = [
        (
            (e[column] or "").strip("/").split("/")[0],
            e["code"],
            e["message"].replace(f"{code}-", "431382-"),
            e.get("allowed"),
        )
        for e in errors
    ]
    return sorted({str(one): one for one in said}.values(), key=str)


RULES = {
    "day_before", "more_present_than_expected", "subject_missing", "subject_superfluous", "mode_not_for_subject",
    "slip_says_no_more", "slip_for_upper_level_only", "sanction_not_for_village_manager",
}  # fmt: skip
# What only a ledger is asked: that a name fits a number, that no unit stands there twice. What it is only warned of.
ASKED_OF_LEDGERS = {"name_disagrees", "row_twice"}
WARNED_OF_LEDGERS = {"day_in_future", "day_outside_round", "may_be_registered", "columns_contradict"}
LOOKED_FOR = {"reference_not_found", "reference_disagrees", "listed_twice"}


def alike(t: RecordType, document: dict[str, Any]) -> dict[str, Any]:
    """A document but for its assigned number, and but for the state that a ledger gives a reason for (contract 3)."""
    promised = t.path == "rectification-opinions" and all(
        document[m] for m in ("responsible_person", "due_on", "measures")
    )
    return document | {"number": 0} | ({"state": 0} if promised else {})


def of_reference(t: RecordType, field_error: Any) -> bool:
    """Whether this is found only when references are looked for: absent, or not given at all."""
    return field_error[1] in LOOKED_FOR or (
        field_error[1] == "required" and field_error[0] in {c for f in t.references for c in f.columns}
    )


async def history(place: Place, t: RecordType, number: str) -> list[Any]:
    revisions = (await place.api.read(f"/v1/{t.path}/{number}/revisions"))["items"]
    whole = [(await place.api.read(f"/v1/{t.path}/{number}/revisions/{r['version']}"))["record"] for r in revisions]
    return [(r["version"], sorted(r["changed"]), neutral(d, place.code)) for r, d in zip(revisions, whole, strict=True)]


@share(2)
@pytest.mark.parametrize("path", [t.path for t in REGISTRY])
async def test_post_and_import_write_the_same_records_and_say_the_same_of_what_they_refuse(
    places: dict[str, Place], path: str
) -> None:
    t = REGISTRY.by_path[path]
    post, file = places["post"], places["file"]
    bodies = Bodies(t, random.Random(f"doors {path}")).many(ROWS)
    done = await file.api.import_file(lines(neutral_to(bodies, file.code)), NDJSON, type=path, on_error="skip_rows")
    assert done["state"] == "committed", done["problem"]
    imported = sorted(await file.api.rows(done), key=lambda r: r["row"])
    seen: Counter[str] = Counter()
    numbers: dict[str, str] = {}
    for n, (body, row) in enumerate(zip(bodies, imported, strict=True), 1):
        assert row["row"] == n
        answer = await post.api.post(f"/v1/{path}", json=neutral_to(body, post.code))
        told = field_errors(answer.json().get("errors", []), "pointer", post.code)
        read = [
            f
            for f in field_errors(row["errors"], "column", file.code)
            if f[1] not in ASKED_OF_LEDGERS or answer.status_code == 201
        ]
        if answer.status_code == 201:
            if read and {f[1] for f in read} <= ASKED_OF_LEDGERS:
                continue
            seen["created"] += 1
            assert row["result"] == "created", (body, row)
            record = answer.json()
            written = await file.api.read(f"/v1/{path}/{row['number']}")
            assert alike(t, neutral(written, file.code)) == alike(t, neutral(record, post.code)), body
            if not t.numbering.assigned and "number" in body:
                assert neutral(written["number"], file.code) == neutral(record["number"], post.code) == body["number"]
            numbers[record["number"]] = row["number"]
            continue
        assert answer.status_code in (409, 422)
        if (code := answer.json()["code"]) == "clue_not_available":
            seen[code] += 1
            assert {f[1] for f in read} == {code}, (body, row)
            continue
        values = [f for f in told if f[1] not in RULES and not of_reference(t, f)]
        if values:  # a body's references are looked for when its values are in order
            seen["refused"] += 1
            assert [f for f in read if not of_reference(t, f)] == values, body
        elif {f[1] for f in told} <= RULES:  # a warning for a row of an old ledger
            seen["warned"] += 1
            warned = [f for f in field_errors(row["warnings"], "column", file.code) if f[1] not in WARNED_OF_LEDGERS]
            both = {*map(str, told)} <= {*map(str, read)}  # a rule that old ledgers are held to as well
            unfound = read and all(of_reference(t, f) for f in read)
            assert warned == told or both or unfound, (body, warned, told, read)
        else:
            seen["not found"] += 1
            said = {f for f in told if f[1] != "required"}  # a rule asks for a list of references: after they are found
            assert said <= set(read), (body, told, read)
    assert seen["created"] > ROWS / 10 and seen["refused"] > ROWS / 10, seen
    for posted, read_in in list(numbers.items())[:HISTORIES]:
        mine, theirs = await history(post, t, posted), await history(file, t, read_in)
        assert [(v, c, alike(t, d)) for v, c, d in mine] == [(v, c, alike(t, d)) for v, c, d in theirs]


def neutral_to(value: Any, code: str) -> Any:
    """The same body for another jurisdiction."""
    if isinstance(value, dict):
        return {k: neutral_to(v, code) for k, v in value.items()}
    if isinstance(value, list):
        return [neutral_to(v, code) for v in value]
    return value.replace("431382-", f"{code}-") if isinstance(value, str) else value
