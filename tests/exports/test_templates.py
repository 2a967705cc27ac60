"""Templates: what is filled in is read, what stands there already is not, and drop-downs hold what may be chosen."""

import io
import re
import zipfile
from collections import Counter
from html import escape
from typing import Any

import pytest

from app.imports.mapping.columns import columns_of, ledger_fields
from app.records import REGISTRY
from tests.support.callers import CSV, LEADERS, LOADER, OFFICE, XLSX, Api

TYPES = [t.path for t in REGISTRY if t.from_ledgers]


async def template(api: Api, name: str, who: str = LOADER, **query: str) -> Any:
    return await api.get(f"/v1/templates/{name}", params=query, auth=api.acting(who))


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
@pytest.mark.parametrize("path", TYPES)
async def test_an_empty_template_is_an_import_of_nothing(lianyuan: Api, path: str, ending: str) -> None:
    """The example row is no data, and every heading is known."""
    answer = await template(lianyuan, f"{path}.{ending}")
    assert answer.status_code == 200, answer.text
    checked = await lianyuan.import_file(answer.content, {"xlsx": XLSX, "csv": CSV}[ending], type=path, mode="preview")
    [sheet] = [s for s in checked["sheets"] if s["type"]]
    assert (sheet["rows"], sheet["unknown_columns"]) == (0, []), sheet


async def test_every_column_that_is_read_is_there(lianyuan: Api) -> None:
    for t in (t for t in REGISTRY if t.from_ledgers):
        line = (await template(lianyuan, f"{t.path}.csv")).content.decode("utf-8-sig").splitlines()[0]
        headings = line.split(",")
        assert len(headings) == len(ledger_fields(t)) + 3, t.path  # and 序号, number, note
        assert {c.names[0] for c in columns_of(t) if c.required} <= {
            h.strip("*").partition("（元）")[0] for h in headings
        }


async def test_the_whole_ledger_has_a_sheet_for_each_type_and_one_stamp(lianyuan: Api) -> None:
    answer = await template(lianyuan, "ledger.xlsx")
    checked = await lianyuan.import_file(answer.content, XLSX, mode="preview")
    assert {s["type"] for s in checked["sheets"]} == {*TYPES, None}
    assert sum(s["rows"] for s in checked["sheets"]) == 0
    again = await template(lianyuan, "ledger.xlsx")
    assert answer.headers["content-disposition"] == again.headers["content-disposition"]


async def test_what_is_filled_in_below_the_example_is_read(lianyuan: Api) -> None:
    head = (await template(lianyuan, "teams.csv", OFFICE)).content.decode("utf-8-sig")
    columns = head.splitlines()[0].split(",")
    filled = {"巡察轮次": "431382-2017-01", "组别": "第九巡察组", "组长": "组长九"}
    row = [filled.get(c.strip("*"), "") for c in columns]
    checked = await lianyuan.import_file((head + ",".join(row) + "\r\n").encode(), CSV, type="teams", mode="preview")
    rows = await lianyuan.rows(checked)
    assert len(rows) == 1 and rows[0]["result"] == "created", rows


async def test_choices_are_those_of_the_enumerations_and_of_the_own_register(lianyuan: Api) -> None:
    answer = await template(lianyuan, "findings.xlsx", OFFICE)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
        assert 'state="hidden"' in book.read("xl/workbook.xml").decode()
    units = Counter(u["name"] for u in await lianyuan.every("units"))
    assert all(f">{escape(name, quote=False)}<" in texts for name, times in units.items() if times == 1)
    assert len(re.findall(r"<dataValidation ", sheet)) >= 6
    categories = await lianyuan.every("finding-categories")
    names = {phase: {c["name"] for c in categories if c["phase"] == phase} for phase in ("focus", "feedback")}
    assert names["focus"] - names["feedback"] and all(f">{name}<" in texts for name in names["feedback"])
    assert not any(f">{name}<" in texts for name in names["focus"] - names["feedback"]), "no finding is of such a one"
    loaded = (await template(lianyuan, "findings.xlsx", LOADER)).content  # who reads no record learns of none
    with zipfile.ZipFile(io.BytesIO(loaded)) as book:
        assert not any(f">{name}<" in book.read("xl/sharedStrings.xml").decode() for name in units)


async def test_a_template_is_for_whoever_may_import_the_type(lianyuan: Api) -> None:
    for name, who, status, code in (
        ("findings.xlsx", LEADERS, 403, "import_not_permitted"), ("ledger.xlsx", LEADERS, 403, "forbidden"),
        ("persons.csv", OFFICE, 403, "import_not_permitted"), ("nonsense.xlsx", OFFICE, 404, "not_found"),
        ("findings.pdf", OFFICE, 404, "not_found"), ("ledger.csv", OFFICE, 404, "not_found"),
        ("findings", OFFICE, 404, "not_found"),
    ):  # fmt: skip
        answer = await template(lianyuan, name, who)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
