"""Ledgers as files: workbooks, delimited text and NDJSON of rows, and the seed case that the contract speaks of."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

SEED = Path(__file__).parents[2] / "demo" / "lianyuan-2017"
ROUND = "2017-01"
Rows = Sequence[Sequence[Any]]


def workbook(
    sheets: Mapping[str, Rows], merged: Mapping[str, Iterable[tuple[int, int, int, int]]] | None = None
) -> bytes:
    """A workbook; `merged` holds ranges (first row, first column, last row, last column), all from 0."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for top, left, bottom, right in (merged or {}).get(name, ()):
                sheet.merge_range(top, left, bottom, right, "")
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(r, c, cell, day)
                    elif isinstance(cell, str):
                        sheet.write_string(r, c, cell) if cell else None
                    elif cell is not None:
                        sheet.write(r, c, cell)
    return held.getvalue()


def delimited(rows: Rows, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    """The rows as a CSV file; a day as Excel would show it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([["" if c is None else c for c in row] for row in rows])
    return text.getvalue().encode(encoding)


def lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The rows as NDJSON."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def register(code: str) -> dict[str, Rows]:
    """What stands before any ledger can be imported: units, persons, a round, its categories and teams."""
    r = f"{code}-{ROUND}"
    return {
        "单位名录": [
            ["单位编码", "单位名称", "单位类型", "上级单位", "曾用名"],
            [f"{code}-U001", "市纪律检查委员会", "纪检机关", "", ""],
            [f"{code}-U002", "市委组织部", "组织部门", "", ""],
            [f"{code}-U003", "市委巡察办", "巡察机构", "", "市委巡察工作领导小组办公室"],
            [f"{code}-U010", "市财政局", "市直部门", "", ""],
            [f"{code}-U011", "市民政局", "市直部门", "", ""],
            [f"{code}-U045", "龙泉镇", "乡镇街道", "", "龙泉乡、上泉公社"],
            [f"{code}-U046", "杨柳镇", "乡镇街道", "", ""],
            [f"{code}-U066", "龙泉镇河东村", "村组", "龙泉镇", ""],
            [f"{code}-U090", "市人民检察院", "司法机关", "", ""],
        ],
        "人员": [
            ["人员编号", "姓名", "单位", "职务", "是否村干部"],
            [f"{code}-P001", "干部甲01", "龙泉镇河东村", "村党支部书记", "是"],
            [f"{code}-P002", "干部乙02", "市财政局", "科长", "否"],
        ],
        "巡察轮次": [
            ["年度", "轮次", "巡察类型", "主题", "开始日期", "行政区划代码"],
            [2017, 1, "专项", "脱贫攻坚", "2017-04-10", code],
        ],
        "问题类别": [
            ["轮次编号", "阶段", "类别编码", "类别名称"],
            [r, "重点", "1", "责任落实不到位"],
            [r, "反馈", "A", "责任落实不到位"],
            [r, "反馈", "B", "作风建设不扎实"],
        ],
        "巡察组": [
            ["轮次编号", "组别", "组长"],
            [r, "第一巡察组", "组长甲01"],
            [r, "第二巡察组", "组长乙02"],
        ],
    }


FINDING = ["问题编号", "轮次编号", "组别", "被巡察单位", "问题类别", "问题标题", "问题表现", "发现日期"]


def finding(code: str, n: int, **cells: Any) -> list[Any]:
    """A row of the findings' ledger under the headings FINDING; cells by heading."""
    r = f"{code}-{ROUND}"
    row: dict[str, Any] = {
        "问题编号": f"{r}-F-{n:04}", "轮次编号": r, "组别": "第一巡察组", "被巡察单位": "龙泉镇",
        "问题类别": "作风建设不扎实",
        "问题标题": f"标题{n}", "问题表现": f"表现{n}", "发现日期": "2017-05-14",
    }  # fmt: skip
    return list((row | cells).values())
