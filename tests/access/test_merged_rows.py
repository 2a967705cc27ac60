"""What a merged row shows of its record is judged when it is read: the record may be about its maker's kin by then."""

from typing import Any

import asyncpg

from app.db.embedded import EmbeddedPostgres
from tests.access.test_kin_holes import SignIn, sent, sign_in  # noqa: F401  # a fixture
from tests.support.callers import CSV, Api
from tests.support.records import Maker
from tests.support.sent_back import CsvLedger

TOLD, UNSEEN = "changed_by_both", "changed_by_both_unseen"


async def logged(database: EmbeddedPostgres, kind: str, record: Any) -> int:
    """How many entries of the access log name a record."""
    owner = await asyncpg.connect(database.superuser_url)
    try:
        sql = "select count(*) from access_log where kind = $1 and record_ids && array[$2::text::uuid]"
        return int(await owner.fetchval(sql, kind, record["id"]))
    finally:
        await owner.close()


async def test_a_conflict_is_told_as_far_as_its_record_is_today(
    make: Maker, office: Api, database: EmbeddedPostgres, sign_in: SignIn  # noqa: F811
) -> None:  # fmt: skip
    holder, person = await make("units"), await make("persons")
    clue = await make("clues", person_number=person["number"])
    await sent(make, office, clue, holder)
    api = await sign_in("case_supervision", holder)
    body = {"round_number": clue["round_number"], "clue_number": clue["number"], "person_number": person["number"]}
    filing = await api.write("/v1/case-filings", {**await make.body(_case_filings(), **body), "note": "起初写的一七"})
    answer = await api.get("/v1/case-filings/export", params={"format": "csv", "q": filing["number"]})
    ledger = CsvLedger.read(answer.content)
    assert (await api.change(filing, "case-filings", {"note": "后来写的一九"})).status_code == 200
    ledger.rows[0]["备注"] = "表里的"
    done = await api.import_file(ledger.content(), CSV, type="case-filings", mode="preview")
    before = await logged(database, "read", filing)
    [row] = await api.rows(done)
    assert [(e["code"], e["in_system"]) for e in row["errors"]] == [(TOLD, "后来写的一九")]
    assert await logged(database, "read", filing) == before + 1
    workbook = (await api.get(f"/v1/imports/{done['id']}/workbook")).content.decode()
    assert "后来写的一九" in workbook and await logged(database, "read", filing) == before + 2

    now = await office.read(f"/v1/persons/{person['id']}")
    moved = await office.change(now, "persons", {"unit_number": holder["number"]})  # a kin from now on
    assert moved.status_code == 200, moved.text
    assert (await api.get(f"/v1/case-filings/{filing['id']}")).status_code == 404
    [row] = await api.rows(done)
    assert (
        [e["code"] for e in row["errors"]] == [UNSEEN]
        and "后来写的一九" not in str(row)
        and "起初写的一七" not in str(row)
    )
    workbook = (await api.get(f"/v1/imports/{done['id']}/workbook")).content.decode()
    assert "后来写的一九" not in workbook and "起初写的一七" not in workbook and "备注：" in workbook
    again = await api.import_file(ledger.content(), CSV, type="case-filings", mode="preview")
    [row] = await api.rows(again)
    assert "version_of_no_record" in [e["code"] for e in row["errors"]]


def _case_filings() -> Any:
    from app.records import REGISTRY

    return REGISTRY.by_path["case-filings"]


async def test_nobody_imports_what_is_hidden_from_it_in_part() -> None:
    from app.kernel.declare.access import Hidden
    from app.records import REGISTRY

    importing = [right for t in REGISTRY for right in t.access.declared if right.imports]
    assert importing and all(right.hides == Hidden() and right.apart is None for right in importing)
