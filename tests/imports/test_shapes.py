"""A ledger kept by a second clerk is read as the first clerk's: other headings, another order, other habits."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from app.db.embedded import EmbeddedPostgres
from tests.imports.conftest import MANY, NewPlace, Place
from tests.support.callers import CSV, XLSX
from tests.support.ledgers import FINDING, finding, register, workbook
from tests.support.second_clerk import Ledger, ledgers
from tests.support.shapes import Shaped, shapes

CODE = "500000"
LEDGERS = ledgers(CODE)


@pytest.fixture(scope="module")
async def shelf(new_place: NewPlace) -> Place:
    """A jurisdiction with the registers and a finding."""
    place = await new_place(CODE)
    done = await place.commit({**register(CODE), "问题台账": [FINDING, finding(CODE, 11)]})
    assert done["state"] == "committed"
    return place


@pytest.fixture(scope="module")
async def superuser(cluster: EmbeddedPostgres) -> AsyncIterator[Any]:
    """Sees the plan as it is stored: rows over HTTP show what changes, not what is new."""
    connection = await asyncpg.connect(cluster.superuser_url)
    yield connection
    await connection.close()


async def plan(superuser: Any, done: Any) -> list[dict[str, Any]]:
    """The planned rows, records of the same file by their number."""
    rows = await superuser.fetch(
        "select line_number, result, record_id::text, number, state, values::text as v,"
        " errors::text as e, warnings::text as w"
        " from import_row where import_id = $1::uuid order by n",
        done["id"],
    )
    own = {f'"{r["record_id"]}"': f'"{r["number"]}"' for r in rows if r["record_id"]}
    found = []
    for r in rows:
        text = r["v"]
        for identifier, number in own.items():
            text = text.replace(identifier, number)
        problems = [[p["code"] for p in orjson.loads(r[k])] for k in "ew"]
        found.append(
            {k: r[k] for k in ("line_number", "result", "number", "state")}
            | {"values": orjson.loads(text), "problems": problems}
        )
    return found


def without_place(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "line_number"} for row in rows]


_plain: dict[str, list[dict[str, Any]]] = {}


async def plain(shelf: Place, superuser: Any, ledger: Ledger) -> list[dict[str, Any]]:
    """What the first clerk's ledger gives: the usual headings in the usual order."""
    if ledger.type not in _plain:
        rows = [[h[0] for h in ledger.headings], *ledger.rows]
        done = await shelf.preview({ledger.sheets[0]: rows})
        assert (done["state"], done["sheets"][0]["unknown_columns"]) == ("checked", [])
        found = await plan(superuser, done)
        assert [(r["result"], r["problems"][0]) for r in found] == [("created", [])] * len(ledger.rows), ledger.type
        _plain[ledger.type] = found
    return _plain[ledger.type]


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: ledger.type)
async def test_every_filled_cell_of_the_first_clerks_ledger_is_kept(
    shelf: Place, superuser: Any, ledger: Ledger
) -> None:
    no_values = {"问题编号", "意见编号", "线索编号", "问责编号", "单位编码", "立案编号", "姓名", "是否销号", "缺席说明"}
    for row, planned in zip(ledger.rows, await plain(shelf, superuser, ledger), strict=True):
        filled = {h[0] for h, cell in zip(ledger.headings, row, strict=True) if cell not in ("", "无")} - no_values
        if ledger.type == "accountability-decisions" and row[3]:
            filled -= {"姓名或单位"}
        assert len(planned["values"]) >= len(filled), (filled, planned)


@settings(
    max_examples=1000 if MANY else 120, deadline=None, derandomize=not MANY,
    suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate, Phase.shrink),
)  # fmt: skip
@given(shaped=shapes(LEDGERS))
async def test_the_same_rows_give_the_same_records_however_they_are_laid_out(
    shelf: Place, superuser: Any, shaped: Shaped
) -> None:
    expected = without_place(await plain(shelf, superuser, shaped.ledger))
    csv = {"type": shaped.ledger.type} if shaped.encoding else {}
    done = await shelf.api.import_file(shaped.content, CSV if csv else XLSX, mode="preview", **csv)
    shown = "\n".join(map(str, shaped.grid))
    assert (done["state"], len(done["sheets"])) == ("checked", 1), (done, shown)
    found = await plan(superuser, done)
    for is_read, meant in zip(without_place(found), expected, strict=True):
        assert is_read == meant, shown
    assert [row["line_number"] for row in found] == shaped.places, shown
    unknown = [
        name.removeprefix("有关情况") for name in done["sheets"][0]["unknown_columns"]
    ]  # its group may be named, too
    assert unknown == shaped.unknown, shown


async def test_amounts_follow_the_unit_of_their_heading_or_of_the_line_above(shelf: Place, superuser: Any) -> None:
    for above, heading in (
        ([], "涉及金额（万元）"),
        (["单位：万元"], "涉及金额"),
        ([], "涉案金额/万元"),
        ([], "金额（单位：万元）"),
    ):
        rows = [above, [*FINDING, heading], [*finding(CODE, 1), 12.5]]
        done = await shelf.api.import_file(workbook({"问题台账": rows}), mode="preview")
        assert (await plan(superuser, done))[0]["values"]["amount_fen"] == 12_500_000, (above, heading)
