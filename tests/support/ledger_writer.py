"""Writes a ledger of findings as people and programs write them: a set of facts, in a layout and with habits at random.

It knows nothing of how ledgers are read. What it writes may be misleading, never false: a person who looks at the page
finds the facts on it.
"""

# ruff: noqa: E501  # tables: what may be written is a line

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import openpyxl
import pandas as pd
import xlsxwriter
from openpyxl.utils import get_column_letter

from tests.support.ledgers import ROUND

UNITS = {"龙泉镇": "U045", "杨柳镇": "U046", "市财政局": "U010", "市民政局": "U011"}
TEAMS, CATEGORIES = ("第一巡察组", "第二巡察组"), {"作风建设不扎实": "B", "责任落实不到位": "A"}
HEADINGS: dict[str, tuple[str, ...]] = {
    "number": ("问题编号", "发现问题编号", "问题 编号"),
    "round": ("轮次编号", "巡察轮次", "轮次"),
    "team": ("组别", "巡察组", "巡察组名称"),
    "unit": ("被巡察单位", "被巡察党组织名称", "问题涉及单位", "单位名称"),
    "category": ("问题类别", "问题类型", "问题分类"),
    "title": ("问题标题", "反馈问题", "主要问题", "问题名称*"),
    "description": ("问题表现", "具体问题", "问题表现情况"),
    "found_on": ("发现日期", "发现时间", "发现日期（年月日）"),
    "fed_back_on": ("反馈日期", "反馈时间"),
    "amount": ("涉及金额", "金额", "涉案金额"),
    "households": ("涉及户数", "涉及户数（户）", "影响户数"),
    "basis": ("定性依据", "政策依据"),
    "note": ("备注", "备 注"),
}
NEEDED = ("number", "round", "team", "unit", "category", "title", "description", "found_on")
SHEETS = (
    "问题台账",
    "2017年问题台账",
    "问题台帐",
    "附件1_问题清单",
    "问题台账（第一轮）",
    "3.发现问题",
    "问题台账 (2)",
)


@dataclass
class Page:
    """A sheet as it will be written: rows of cells, and what is done to them."""

    grid: list[list[Any]]
    header: int = 0
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden: list[int] = field(default_factory=list)
    from_1904: bool = False


@dataclass
class Written:
    """A file, the facts that are in it by number, and how it was made."""

    content: bytes
    csv: bool
    facts: dict[str, dict[str, Any]]
    habits: list[str]
    columns: frozenset[str]  # what of a fact is written


def facts(chance: random.Random, code: str, first: int) -> dict[str, dict[str, Any]]:
    """Some findings, each as the API should answer it."""
    found: dict[str, dict[str, Any]] = {}
    for n in range(first, first + chance.randint(2, 6)):
        number, unit, category = f"{code}-{ROUND}-F-{n:05}", chance.choice([*UNITS]), chance.choice([*CATEGORIES])
        found[number] = {
            "team": chance.choice(TEAMS), "unit_number": f"{code}-{UNITS[unit]}", "unit": unit, "category": category,
            "title": f"{chance.choice('签订帐目公示台账')}不规范{n}", "description": chance.choice(("抽查发现，流于形式", "涉及3户；未整改")) + str(n),
            "found_on": date(2017, chance.randint(4, 6), chance.randint(1, 28)),
            "fed_back_on": chance.choice((None, date(2017, 7, chance.randint(1, 28)))),
            "amount_fen": chance.choice((None, 5_000_000, 1_200_000, 123_400, 90_000_000)),
            "households": chance.choice((None, (300, "exact"), (27, "at_least"), (12, "about"))),
            "basis": chance.choice((None, "第三条", "0012")), "note": chance.choice((None, "说明")),
        }  # fmt: skip
    return found


def _day(chance: random.Random, day: date | None, text: bool) -> tuple[Any, str]:
    """A day as a cell and its number format."""
    if day is None:
        return chance.choice(("", "/", "—", "")), ""
    texts = [
        day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}.{day.month:02}.{day.day:02}", f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日", f"{day.isoformat()} 00:00:00", f" {day.isoformat()}\u200b",
        str((day - date(1899, 12, 30)).days),
    ]  # fmt: skip
    if text or chance.random() < 0.5:
        return chance.choice(texts), ""
    return day, chance.choice(("yyyy-mm-dd", 'yyyy"年"m"月"d"日"', "m/d/yy", 'yyyy"年"m"月"'))


def _amount(chance: random.Random, fen: int | None, unit: str, text: bool) -> tuple[Any, str]:
    """An amount as a cell and its number format, under a heading with this unit ('' for none)."""
    if fen is None:
        return chance.choice(("", "/", "")), ""
    size = {"元": 100, "万元": 10**6}
    own = chance.choice(("元", "万元"))
    shown = f"{fen / size[own]:g}{own}"
    if text or not unit:
        return chance.choice((shown, shown, f"{fen / size[unit]:g}" if unit else shown, f"{fen / 100:,.2f}元")), ""
    value = fen / size[unit]
    way = chance.random()
    if way < 0.5:
        return value, chance.choice(("General", "#,##0.00", "0.00_ ", "¥#,##0.00"))
    if way < 0.6:
        return fen / size[own], f'0.####"{own}"'
    if way < 0.7:
        return value * 1000, "0.####,"  # a thousandth is shown: what the page says
    if way < 0.8:
        return f"={value:g}+0", ""
    return shown, ""


def _households(chance: random.Random, count: tuple[int, str] | None, text: bool) -> tuple[Any, str]:
    if count is None:
        return "", ""
    value, how = count
    if how == "exact":
        return chance.choice((str(value), f"{value}户") if text else (value, f"{value}户")), chance.choice(
            ("", '0"户"')
        )
    return (
        chance.choice((f"{value}余", f"{value}余户"))
        if how == "at_least"
        else chance.choice((f"约{value}", f"{value}户左右"))
    ), ""


def _columns(chance: random.Random, habits: list[str]) -> list[str]:
    columns = [*NEEDED, *(c for c in HEADINGS if c not in NEEDED and chance.random() < 0.7)]
    if chance.random() < 0.5:
        chance.shuffle(columns)
        habits.append("shuffled")
    return columns


def page(
    chance: random.Random,
    code: str,
    found: dict[str, dict[str, Any]],
    text: bool,
    habits: list[str],
    columns: list[str],
) -> Page:
    """The sheet: a header and the facts, and then what people do to it."""
    unit = chance.choice(("元", "万元", "万元", ""))
    header = [chance.choice(HEADINGS[c]) + (f"（{unit}）" if c == "amount" and unit else "") for c in columns]
    made = Page([header])
    for number, fact in found.items():
        row: list[Any] = []
        for at, column in enumerate(columns):
            cell, shown = _cell(chance, code, number, fact, column, unit, text)
            row.append(cell)
            if shown and not isinstance(cell, str):
                made.formats[len(made.grid), at] = shown
        made.grid.append(row)
    for habit in HABITS:
        if chance.random() < HABITS[habit]:
            habits.append(habit)
            globals()[f"_{habit}"](chance, made, columns, text)
    # A merged range shows its first cell: were that blank, the facts of the others would be on no page.
    made.merges = [merge for merge in made.merges if made.grid[merge[0]][merge[1]] not in ("", "/", "—")]
    return made


def _cell(
    chance: random.Random, code: str, number: str, fact: dict[str, Any], column: str, unit: str, text: bool
) -> tuple[Any, str]:
    if column in ("found_on", "fed_back_on"):
        return _day(chance, fact[column], text)
    if column == "amount":
        return _amount(chance, fact["amount_fen"], unit, text)
    if column == "households":
        return _households(chance, fact["households"], text)
    plain = {"number": number, "round": f"{code}-{ROUND}", **fact}[column]
    if column == "basis" and plain == "0012" and text and chance.random() < 0.5:
        return '="0012"', ""
    return plain if plain is not None else "", ""


HABITS = {
    "group_merged": 0.25, "amounts_merged": 0.08, "twice": 0.08, "heading_lost": 0.08, "serial": 0.3, "other_column": 0.3,
    "header_again": 0.15, "header_moved": 0.08, "total": 0.3, "page_lines": 0.3, "numbers_of_columns": 0.1, "hidden_row": 0.1,
    "comma": 0.08, "title": 0.4, "blank_tail": 0.1, "days_of_1904": 0.08,
}  # fmt: skip


def _shift(made: Page, row: int, by: int = 1) -> None:
    """Makes room for rows."""
    made.formats = {(r + by if r >= row else r, c): f for (r, c), f in made.formats.items()}
    made.merges = [
        (t + by if t >= row else t, left, b + by if b >= row else b, right) for t, left, b, right in made.merges
    ]
    made.hidden = [r + by if r >= row else r for r in made.hidden]


def _insert(made: Page, row: int, cells: list[Any]) -> None:
    _shift(made, row)
    made.grid.insert(row, [*cells, *[""] * (len(made.grid[0]) - len(cells))])


def _group_merged(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    if text:
        return
    for column in ("unit", "team"):
        at, start = columns.index(column), 1
        for row in range(2, len(made.grid) + 1):
            if row == len(made.grid) or made.grid[row][at] != made.grid[start][at]:
                if row - start > 1:
                    made.merges.append((start, at, row - 1, at))
                start = row


def _amounts_merged(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    for column in ("amount", "households"):
        if not text and column in columns and len(made.grid) > 2:
            at = columns.index(column)
            made.merges.append((1, at, 2, at))


def _twice(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    """One column stands twice, and its values now in the one, now in the other."""
    column = chance.choice([c for c in columns if c in ("fed_back_on", "note", "basis", "amount")] or ["title"])
    at = columns.index(column)
    made.grid[0].append(made.grid[0][at])
    for n, row in enumerate(made.grid[1:], 1):
        row.append("")
        if chance.random() < 0.5:
            row[at], row[-1] = "", row[at]
            if shown := made.formats.pop((n, at), None):
                made.formats[n, len(row) - 1] = shown
    columns.append(f"{column} again")


def _heading_lost(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    optional = [c for c in columns if c in ("fed_back_on", "note", "basis", "households")]
    if optional:
        made.grid[0][columns.index(chance.choice(optional))] = ""


def _serial(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    for n, row in enumerate(made.grid):
        row.insert(0, n or "序号")
    made.formats = {(r, c + 1): f for (r, c), f in made.formats.items()}
    made.merges = [(t, left + 1, b, right + 1) for t, left, b, right in made.merges]
    columns.insert(0, "serial")


def _other_column(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    heading = chance.choice(("天气", "发现人", "佐证材料", "统一社会信用代码"))
    for n, row in enumerate(made.grid):
        row.append("略" if n else heading)
    columns.append("other")


def _header_again(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    _insert(made, chance.randint(2, len(made.grid)), list(made.grid[0]))


def _header_moved(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    """From some row on, title and description have changed places, as a second header says."""
    row, a, b = chance.randint(2, len(made.grid)), columns.index("title"), columns.index("description")
    _insert(made, row, list(made.grid[0]))
    for cells in made.grid[row:]:
        if len(cells) > max(a, b):
            cells[a], cells[b] = cells[b], cells[a]


def _total(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    label = chance.choice(("合计", "小计", "合 计：", "龙泉镇小计", "合计（2项）"))
    made.grid.append(["", *[""] * (len(made.grid[0]) - 1)])
    made.grid[-1][chance.choice((0, 0, 1))] = label
    made.grid[-1][-1] = chance.choice(("", "2" if text else 2))


def _page_lines(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    lines = ("（盖章）", "2017年6月9日", "第 1 页，共 1 页", "——以下无正文——", "填表人：甲", "注：本表一式两份", "续表")
    for line in chance.sample(lines, chance.randint(1, 3)):
        made.grid.append([line, *[""] * (len(made.grid[0]) - 1)])


def _numbers_of_columns(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    _insert(made, 1, [str(n) if text else n for n in range(1, len(made.grid[0]) + 1)])


def _hidden_row(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    made.hidden.append(chance.randrange(1, len(made.grid)))


def _comma(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    """A text with a comma, of which the writer of a csv forgets the quotes (`_written_csv`)."""


def _title(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    lines = [["涟源市2017年问题台账"], ["填报单位：巡察办"]][: chance.randint(1, 2)]
    for line in lines:
        _insert(made, 0, line)
    made.grid = [[*row, *[""] * (max(map(len, made.grid)) - len(row))] for row in made.grid]
    if not text:
        made.merges.append((0, 0, 0, len(made.grid[0]) - 1))


def _blank_tail(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    made.grid += [[""] * len(made.grid[0])] * chance.randint(1, 300)


def _days_of_1904(chance: random.Random, made: Page, columns: list[str], text: bool) -> None:
    made.from_1904 = not text


def written(chance: random.Random, code: str, first: int, library: str | None = None) -> Written:
    """A file of some facts."""
    habits: list[str] = []
    library = library or chance.choice(("openpyxl", "openpyxl", "xlsxwriter", "pandas", "csv"))
    found = facts(chance, code, first)
    columns = _columns(chance, habits)
    of_facts = frozenset(columns)
    made = page(chance, code, found, library in ("csv", "pandas"), habits, columns)
    content = WRITERS[library](made, chance, "comma" in habits)
    return Written(content, library == "csv", found, [library, *habits], of_facts)


def _openpyxl(made: Page, chance: random.Random, _: bool) -> bytes:
    book = openpyxl.Workbook()
    if made.from_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.title = chance.choice(SHEETS)
    for r, row in enumerate(made.grid, 1):
        for c, cell in enumerate(row, 1):
            if cell not in ("", None):
                sheet.cell(r, c, cell).number_format = made.formats.get((r - 1, c - 1), "General")
    for top, left, bottom, right in made.merges:
        sheet.merge_cells(f"{get_column_letter(left + 1)}{top + 1}:{get_column_letter(right + 1)}{bottom + 1}")
    for row_number in made.hidden:
        sheet.row_dimensions[row_number + 1].hidden = True
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _xlsxwriter(made: Page, chance: random.Random, _: bool) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "date_1904": made.from_1904}) as book:
        sheet = book.add_worksheet(chance.choice(SHEETS))
        for r, row in enumerate(made.grid):
            for c, cell in enumerate(row):
                shown = book.add_format({"num_format": made.formats.get((r, c), "General")})
                if isinstance(cell, date):
                    sheet.write_datetime(r, c, cell, shown)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(r, c, cell, shown, float(cell[1:].partition("+")[0]))
                elif isinstance(cell, str) and cell:
                    sheet.write_string(r, c, cell, shown)
                elif cell not in ("", None):
                    sheet.write_number(r, c, cell, shown)
        for top, left, bottom, right in made.merges:
            value = made.grid[top][left]
            shown = book.add_format({"num_format": made.formats.get((top, left), "General")})
            if isinstance(value, str) and not value.startswith("="):
                sheet.merge_range(top, left, bottom, right, value, shown)
        for row_number in made.hidden:
            sheet.set_row(row_number, None, None, {"hidden": True})
    return held.getvalue()


def _pandas(made: Page, chance: random.Random, _: bool) -> bytes:
    held = io.BytesIO()
    frame = pd.DataFrame(made.grid)
    frame.to_excel(held, sheet_name=chance.choice(SHEETS), header=False, index=False, engine="openpyxl")
    return held.getvalue()


def _written_csv(made: Page, chance: random.Random, comma: bool) -> bytes:
    text = io.StringIO()
    if comma:  # 12,000.00元 without its quotes
        for row in made.grid:
            print(",".join(str(cell) for cell in row), file=text)
    else:
        csv.writer(text, delimiter=chance.choice(",,\t;")).writerows(made.grid)
    return text.getvalue().encode(chance.choice(("utf-8-sig", "utf-8", "gb18030", "utf-16")), "replace")


WRITERS = {"openpyxl": _openpyxl, "xlsxwriter": _xlsxwriter, "pandas": _pandas, "csv": _written_csv}
