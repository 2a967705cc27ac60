"""Two clerks edit the same exported ledger offline, while others edit the records: no cell is lost."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from tests.imports.conftest import NewPlace, Place, registers
from tests.support.callers import CSV, LOADER, NDJSON, OFFICE, XLSX
from tests.support.ledgers import lines
from tests.support.offline_clerk import (
    BLANK,
    Edits,
    Member,
    Outcome,
    as_csv,
    as_ndjson,
    as_openpyxl,
    as_pandas,
    chosen,
    merged,
)  # fmt: skip
from tests.support.proofs import prove
from tests.support.sent_back import as_colleague, exported_file

CODE, TRIALS, RECORDS, AT_ONCE = "498702", 1000, 3, 50
UNITS = {f"{CODE}-U045": "龙泉镇", f"{CODE}-U046": "杨柳镇", f"{CODE}-U066": "龙泉镇河东村"}
TEAMS = {f"{CODE}-2017-01-Z-00{n}": name for n, name in ((1, "第一巡察组"), (2, "第二巡察组"))}
ROUND = f"{CODE}-2017-01"
WORDS, DAYS = ("甲乙丙", "甲乙", "丁，戊；己"), ("2017-05-14", "2017-05-15", "2017-06-01")
LATER = ("2017-06-09", "2017-06-10")
SAVED = {"csv": (CSV, as_csv), "xlsx": (XLSX, as_openpyxl), "pandas": (XLSX, as_pandas), "ndjson": (NDJSON, as_ndjson)}
FOUND: Counter[str] = Counter()


def counted(value: dict[str, Any]) -> str:
    return {"exact": "{}户", "at_least": "{}余户", "about": "约{}户"}[value["qualifier"]].format(value["value"])


COUNTS = tuple({"value": n, "qualifier": q} for n, q in ((3, "exact"), (300, "at_least"), (300, "about")))
CONDUCT = {"slow": "慢作为", "inaction": "不作为"}
NOTE = Member("note", "备注", WORDS)
FINDINGS = (
    Member("title", "问题标题", WORDS, optional=False), Member("description", "问题表现", WORDS, optional=False),
    Member("basis", "定性依据", WORDS), Member("found_on", "发现日期", DAYS, optional=False),
    Member("is_immediate", "是否立行立改", (True, False), lambda v: "是" if v else "否", optional=False),
    Member("amount_fen", "涉及金额（元）", (1, 1_234_500, 99), lambda fen: f"{fen / 100:.2f}"),
    Member("households_affected", "涉及户数", COUNTS, counted),
    Member("unit_number", "被巡察单位", [*UNITS], UNITS.get, optional=False),
    Member("team_number", "巡察组", [*TEAMS], TEAMS.get, optional=False),
    Member("fed_back_on", "反馈日期", LATER, by_action="feed_back"), NOTE,
)  # fmt: skip
OPINIONS = (
    Member("text", "整改意见", WORDS, optional=False), Member("responsible_person", "责任人", WORDS, starred=True),
    Member("responsible_post", "责任人职务", WORDS), Member("due_on", "完成时限", DAYS),
    Member("measures", "整改措施", (["一", "二"], ["三"], ["一"]), "；".join),
    Member("cooperating_unit_numbers", "配合单位", ([*UNITS][:2], [*UNITS][1:], [*UNITS][:1]), "、".join),
    Member("unit_number", "整改单位", [*UNITS], optional=False), NOTE,
)  # fmt: skip
LEDGERS = {"findings": (FINDINGS, "问题编号", "F"), "rectification-opinions": (OPINIONS, "意见编号", "R")}


def base_of(path: str, n: int) -> dict[str, Any]:
    """A record that is opened for a trial."""
    letter = LEDGERS[path][2]
    made = {"type": path, "number": f"{ROUND}-{letter}-{n:06}", "round_number": ROUND, "unit_number": [*UNITS][n % 3]}
    if path == "findings":
        more = {"team_number": [*TEAMS][n % 2], "category_number": f"{ROUND}-G-002", "found_on": DAYS[0]}
        return {**made, **more, "title": f"标题{n}", "description": WORDS[n % 3], "amount_fen": 99 if n % 2 else None}
    person = {"responsible_person": WORDS[0], "due_on": DAYS[0]} if n % 2 else {}
    return {**made, "finding_number": f"{ROUND}-F-000000", "text": f"意见{n}", **person, "measures": ["一"]}


@pytest.fixture(scope="session")
async def two_desks(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers and a finding that opinions are given on."""
    place = await new_place(CODE, ledger=registers)
    opened = await place.api.import_file(lines([base_of("findings", 0)]), NDJSON)
    assert opened["state"] == "committed", await place.api.rows(opened, "rejected")
    return place


async def opened(place: Place, seed: int) -> None:
    """Opens the records of a trial, with those of the next trials."""
    first = seed - seed % AT_ONCE
    if (await place.api.get(f"/v1/findings/{base_of('findings', (first + 1) * 10)['number']}")).status_code == 404:
        made = [base_of(p, (first + 1 + s) * 10 + i) for s in range(AT_ONCE) for i in range(RECORDS) for p in LEDGERS]
        done = await place.api.import_file(lines(made), NDJSON)
        assert done["state"] == "committed", await place.api.rows(done, "rejected")


async def others_write(place: Place, chance: random.Random, path: str, records: dict[str, Any]) -> None:
    """Somebody else changes some of the records meanwhile."""
    for number, record in records.items():
        members = [m for m in LEDGERS[path][0] if not m.by_action]
        body = {
            m.name: chance.choice([*m.values, None] if m.optional else m.values)
            for m in chance.sample(members, chance.choice((0, 0, 1, 3)))
        }
        if body:
            answer = await place.api.change(record, path, body)
            assert answer.status_code == 200, (body, answer.text)
            records[number] = record = answer.json()
        if path == "findings" and record["state"] == "registered" and chance.random() < 0.15:
            answer = await place.api.act(record, path, "feed_back", on=chance.choice(LATER))
            assert answer.status_code == 200, answer.text
            records[number] = answer.json()


def implied(record: dict[str, Any], given: set[str]) -> bool:
    """Whether the filled cells of an opinion's row say that somebody has promised to carry it out."""
    return all(name in given and record[name] for name in ("responsible_person", "due_on", "measures"))


def state_of(path: str, base: dict[str, Any], edits: dict[str, Any], now: dict[str, Any], out: Outcome) -> str:
    """The state that a record must have after a row: a sheet moves it forwards by what it newly says, or not at all."""
    if out.result == "rejected":
        return str(now["state"])
    row = {**base, **{k: v for k, v in edits.items() if v is not BLANK}}
    given = {k for k, v in row.items() if v is not None and edits.get(k) is not BLANK}
    if path == "findings":
        new = base["fed_back_on"] is None and "fed_back_on" in given and now["state"] == "registered"
        return "fed_back" if new else str(now["state"])
    before = implied(base, {k for k, v in base.items() if v is not None} & given)
    return "in_progress" if implied(row, given) and not before and now["state"] == "issued" else str(now["state"])


async def sends(
    place: Place, who: str, path: str, file: tuple[bytes, str], exported: dict[str, Any], edits: Edits
) -> int:
    """A clerk sends the edited ledger back: holds every cell against the merge. Returns how many were compared."""
    members, by_number = LEDGERS[path][0], await current(place, path, exported)
    colleague = as_colleague(place.api, who)
    done = await colleague.import_file(file[0], file[1], type=path, on_error="skip_rows")
    assert done["state"] == "committed", done
    rows = {row["number"]: row for row in await colleague.rows(done)}
    stored, names, compared = await current(place, path, exported), [m.name for m in members], 0
    for number, base in exported.items():
        out = merged(base, edits.get(number, {}), by_number[number], names)
        state = state_of(path, base, edits.get(number, {}), by_number[number], out)
        row, shown = rows[number], json.dumps([base, edits.get(number, {})], ensure_ascii=False, default=str)
        result = "updated" if out.result == "unchanged" and state != by_number[number]["state"] else out.result
        assert row["result"] == result, (shown, row)
        assert {n: stored[number][n] for n in names} == {n: out.record[n] for n in names}, (shown, row)
        assert stored[number]["version"] == by_number[number]["version"] + (result == "updated"), (shown, row)
        assert stored[number]["state"] == state, (shown, row)
        told(row, out, {m.name: m for m in members}, who, file[1] == NDJSON)
        compared += len(names)
        FOUND.update({"rows": 1, result: 1, "blank": len(out.blanks), "conflicts": len(out.conflicts),
                      "kept": len(out.kept)})  # fmt: skip
    return compared


def told(row: Any, out: Outcome, members: dict[str, Member], who: str, in_lines: bool) -> None:
    """What the row says: each conflict with both values, each emptied cell, each member that was kept."""

    def column(name: str) -> str:
        return name if in_lines else members[name].heading

    unseen = {n for n in out.conflicts if who == LOADER and members[n].starred}
    wanted = {(column(n), "changed_by_both_unseen" if n in unseen else "changed_by_both") for n in out.conflicts}
    assert {(e["column"], e["code"]) for e in row["errors"]} == wanted, (row, out)
    assert all(e["in_file"] != e["in_system"] for e in row["errors"] if e["code"] == "changed_by_both"), row
    blanks = {n for n in out.blanks if not (who == LOADER and members[n].starred)}
    assert {w["column"] for w in row["warnings"] if w["code"] == "blank_keeps"} == {column(n) for n in blanks}, row
    if out.result != "rejected":
        assert {k["field"] for k in row["merged"]["kept"]} == out.kept, (row, out)


async def current(place: Place, path: str, numbers: Any) -> dict[str, Any]:
    """The records of these numbers."""
    shared = next(iter(numbers))[:-1]
    return {r["number"]: r for r in await place.api.every(path, q=shared)}


async def trial(place: Place, seed: int) -> int:
    chance = random.Random(f"two clerks {seed}")
    await opened(place, seed)
    path = chance.choice([*LEDGERS])
    members, number, _ = LEDGERS[path]
    records = await current(place, path, [base_of(path, (seed + 1) * 10)["number"]])
    assert len(records) == RECORDS
    await others_write(place, chance, path, records)
    exported, shared = dict(records), next(iter(records))[:-1]
    files: list[tuple[str, tuple[bytes, str], Edits]] = []
    for _ in range(2):
        form = chance.choice([*SAVED])
        media, save = SAVED[form]
        edits = {n: e for n, base in exported.items() if (e := chosen(chance, members, base))}
        content = await exported_file(place.api, path, "xlsx" if form == "pandas" else form, q=shared)
        saved = save(content, edits, number, {m.name: m for m in members})
        files.append((chance.choice((OFFICE, LOADER)), (saved, media), edits))
    compared = 0
    for who, file, edits in files:
        records = await current(place, path, exported)
        await others_write(place, chance, path, records)
        compared += await sends(place, who, path, file, exported, edits)
    return compared


@pytest.mark.proof
async def test_no_cell_is_lost(two_desks: Place) -> None:
    FOUND.clear()
    await prove("two clerks", TRIALS, 20, lambda seed: trial(two_desks, seed))
    print(dict(FOUND))
    assert min(FOUND[what] for what in ("updated", "unchanged", "rejected", "blank", "kept")) > 0, FOUND
