"""No row of a ledger makes a kin the receiver, the holder or the handler, though one file opens the whole register."""

from typing import Any

import pytest

from tests.support import ledgers
from tests.support.callers import Api
from tests.support.proofs import share

CLUE = ["线索编号", "轮次编号", "线索来源", "被反映人单位", "人员编号", "主要问题", "登记日期", "接收单位", "承办部门"]
TRANSFER = ["移交编号", "轮次编号", "移交渠道", "移交单位", "接收单位", "线索编号", "移交日期"]
DIVISIONS = iter(range(431501, 431599))
BELOW, ABOVE, APART = "龙泉镇河东村", "龙泉镇", "杨柳镇"  # the village lies below the first town


def sheets(code: str, person: str | None, reported: str | None, **held: str) -> dict[str, Any]:
    r = f"{code}-{ledgers.ROUND}"
    clue = [f"{r}-C-0001", r, "信访举报", reported, person and f"{code}-{person}", "反映问题", "2017-05-20",
            held.get("holder"), held.get("handler")]  # fmt: skip
    return {"问题线索台账": [CLUE, clue]}


def transfer(code: str, to: str) -> dict[str, Any]:
    r = f"{code}-{ledgers.ROUND}"
    row = [f"{r}-T-001", r, "纪检机关", "市委巡察办", to, f"{r}-C-0001", "2017-06-11"]
    return {"线索移交": [TRANSFER, row]}


@share(5)
@pytest.mark.parametrize("at_once", [True, False], ids=["one file", "two files"])
@pytest.mark.parametrize(
    ("person", "reported", "unit", "refused"),
    [
        (None, ABOVE, ABOVE, True), (None, ABOVE, BELOW, True), (None, ABOVE, APART, False),
        (None, BELOW, ABOVE, False),
        ("P001", None, BELOW, True), ("P001", None, ABOVE, False), (None, "市纪律检查委员会", "市纪律检查委员会", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["transfer", "holder", "handler"])
async def test_a_row_that_would_make_a_kin_the_receiver_is_rejected(
    loader: Api, at_once: bool, person: str | None, reported: str | None, unit: str, refused: bool, how: str
) -> None:
    code = str(next(DIVISIONS))
    register = ledgers.register(code)
    held = (
        {} if how == "transfer" else {"holder": unit} if how == "holder" else {"holder": "市委组织部", "handler": unit}
    )
    ledger = sheets(code, person, reported, **held) | (transfer(code, unit) if how == "transfer" else {})
    if not at_once:
        assert (await loader.import_file(ledgers.workbook(register)))["state"] == "committed"
    imported = await loader.import_file(ledgers.workbook((register if at_once else {}) | ledger), jurisdiction=code)
    assert imported["state"] == ("rejected" if refused else "committed"), imported
    codes = {e["code"] for row in await loader.rows(imported, "rejected") for e in row["errors"]}
    assert codes == ({"clue_not_available"} if refused else set()), "it does not say why"
