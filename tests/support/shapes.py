"""The same rows laid out as people lay them out: Hypothesis draws what stands around, above, below and within them."""

import re
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.support.ledgers import delimited, workbook
from tests.support.second_clerk import Ledger

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
DECORATIONS = ("{}", "{}*", "※{}", " {} ", "{}：", "{}\n", "{}（必填）", "3.{}", "{}【填写】")
TITLES = ("涟源市2017年{}", "附件2", "{}（2017年度）")
NOTES = ("注：本表一式两份。", "说明：数字以实际为准", "填表人：甲      审核人：乙", "备注：1.本表按月填报；2.逾期不候")
UNITS_LINE = ("填报单位：市委巡察办", "", "", "填报日期：2017年8月4日")


class Shaped:
    """A file, what it is read as, where its rows stand in it, and the columns that nobody understands."""

    def __init__(
        self, ledger: Ledger, content: bytes, encoding: str | None, places: list[int], unknown: list[str], grid: Any
    ) -> None:
        self.ledger, self.content, self.encoding = ledger, content, encoding
        self.places, self.unknown, self.grid = places, unknown, grid

    def __repr__(self) -> str:
        return f"{self.ledger.type} {self.encoding}"


def _day(text: str, style: int) -> Any:
    day = date.fromisoformat(text)
    y, m, d = day.year, day.month, day.day
    styles = (
        text, f"{y}/{m}/{d}", f"{y}.{m}.{d}", f"{y}年{m}月{d}日", f"{y}{m:02}{d:02}", f"{y}-{m}-{d}",
        f"{y}年{m:02}月{d:02}日",
        f"{y} 年 {m} 月 {d} 日", f"{text} 00:00:00", text.translate(WIDE), f"{y}/{m:02}/{d:02}",
        (day - date(1899, 12, 30)) // timedelta(days=1), day,
    )  # fmt: skip
    return styles[style % len(styles)]


def _cell(raw: Any, style: int) -> Any:
    """The same cell, otherwise written."""
    if isinstance(raw, str) and DAY.fullmatch(raw):
        return _day(raw, style)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return (raw, str(raw), str(raw).translate(WIDE), f" {raw} ")[style % 4]
    if raw == "":
        return ("", "/", "—", "-", "无", " ", None)[style % 7]
    if re.search(r"\d", raw) and not re.search(r"[A-Za-z]", raw) and re.fullmatch(r"[\d约余多户人次以上]+", raw):
        return raw.translate(WIDE) if style % 2 else raw
    return (raw, f" {raw} ", raw, f"\u3000{raw}")[style % 4]


def _flags(cell: Any, heading: str) -> bool:
    return heading.startswith("是否") and cell == ""


@st.composite
def shapes(draw: Any, ledgers: tuple[Ledger, ...]) -> Shaped:
    """A ledger as somebody might send it."""
    ledger: Ledger = draw(st.sampled_from(ledgers))
    kind = draw(st.sampled_from(("xlsx", "xlsx", "utf-8-sig", "utf-8", "gb18030")))
    order = draw(st.permutations(range(len(ledger.headings))))
    columns: list[tuple[str, list[Any]]] = []
    for at in order:
        heading = draw(st.sampled_from(ledger.headings[at]))
        decorated = draw(st.sampled_from(DECORATIONS)).format(heading)
        cells = []
        for row in ledger.rows:
            style = 0 if _flags(row[at], ledger.headings[at][0]) else draw(st.integers(0, 51))
            cell = _cell(row[at], style)
            if kind != "xlsx" and DAY.fullmatch(str(row[at])) and not isinstance(cell, str):
                cell = row[at]  # as text, five digits are no day: nobody could tell
            cells.append(cell)
        columns.append((decorated, cells))
    unknown = []
    if draw(st.booleans()):
        columns.insert(draw(st.integers(0, len(columns))), ("天气", ["晴"] * len(ledger.rows)))
        unknown = ["天气"]
    for _ in range(draw(st.integers(0, 2))):
        columns.insert(draw(st.integers(0, len(columns))), ("", [""] * len(ledger.rows)))
    if draw(st.booleans()):
        columns.insert(0, ("序号", [n + 1 for n in range(len(ledger.rows))]))
    merges: list[tuple[int, int, int, int]] = []
    grid = _above(draw, ledger, len(columns), merges if kind == "xlsx" else [])
    if kind == "xlsx" and draw(st.integers(0, 3)) == 0:
        _two_rows(draw, grid, columns, merges)
    else:
        grid.append([heading for heading, _ in columns])
    places = _rows(draw, ledger, grid, columns, order, merges if kind == "xlsx" else None)
    grid += [[note] for note in draw(st.lists(st.sampled_from(NOTES), max_size=2, unique=True))]
    name = draw(st.sampled_from(ledger.sheets))
    if kind == "xlsx":
        return Shaped(ledger, workbook({name: grid}, {name: merges}), None, places, unknown, grid)
    return Shaped(ledger, delimited(grid, kind), kind, places, unknown, grid)


def _above(draw: Any, ledger: Ledger, width: int, merges: list[Any]) -> list[list[Any]]:
    grid: list[list[Any]] = []
    for title in draw(st.lists(st.sampled_from(TITLES), max_size=2, unique=True)):
        grid.append([title.format(ledger.sheets[0])])
        if draw(st.booleans()) and width > 1:
            merges.append((len(grid) - 1, 0, len(grid) - 1, width - 1))
    if draw(st.booleans()):
        grid.append(list(UNITS_LINE))
    if draw(st.booleans()):
        grid.append([])
    return grid


def _two_rows(draw: Any, grid: list[list[Any]], columns: list[tuple[str, list[Any]]], merges: list[Any]) -> None:
    """A heading over some neighbouring columns; the others reach over both rows."""
    named = [at for at in range(len(columns) - 1) if columns[at][0] and columns[at + 1][0]]
    first = draw(st.sampled_from(named))
    last = draw(st.integers(first + 1, min(len(columns) - 1, first + 4)))
    top = len(grid)
    upper, lower = [""] * len(columns), [""] * len(columns)
    for at, (heading, _) in enumerate(columns):
        if first <= at <= last:
            upper[at], lower[at] = ("有关情况" if at == first else ""), heading
        else:
            upper[at] = heading
            if heading:
                merges.append((top, at, top + 1, at))
    merges.append((top, first, top, last))
    grid += [upper, lower]


def _rows(
    draw: Any,
    ledger: Ledger,
    grid: list[list[Any]],
    columns: list[tuple[str, list[Any]]],
    order: Any,
    merges: list[Any] | None,
) -> list[int]:
    places = []
    group = None
    if merges is not None and ledger.group is not None and draw(st.booleans()):
        headings = ledger.headings[ledger.group]
        group = next(
            at for at, (h, _) in enumerate(columns) if any(x in h for x in headings) and _is(columns[at][1], ledger)
        )
    start = len(grid)
    for n in range(len(ledger.rows)):
        if group is None and draw(st.integers(0, 4)) == 0:
            grid.append([])
        if group is None and n and draw(st.integers(0, 5)) == 0:
            grid.append(["小计", "", n])
        grid.append([cells[n] for _, cells in columns])
        places.append(len(grid))
    if group is not None:
        first, _ = start, None
        values = [str(row[ledger.group or 0]) for row in ledger.rows]
        for n in range(1, len(values) + 1):
            if n == len(values) or values[n] != values[first - start]:
                for below in range(first + 1, start + n):
                    grid[below][group] = ""
                if start + n - 1 > first:
                    merges.append((first, group, start + n - 1, group)) if merges is not None else None
                first = start + n
    if draw(st.booleans()):
        grid.append(["合计", "", len(ledger.rows)])
    return places


def _is(cells: list[Any], ledger: Ledger) -> bool:
    return [str(c).strip() for c in cells] == [str(row[ledger.group or 0]) for row in ledger.rows]
