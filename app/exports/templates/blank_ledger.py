"""Empty ledgers to fill in: drop-downs, a note on each heading, one example row, and a stamp of what they are made for.

The example stands under 序号 as 示例, by which an import passes over it. The stamp changes when the columns or what
they may hold change, and only then, so two templates with one stamp are the same.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from app.exports.csv_lines import BEGINNINGS
from app.exports.ledger_columns import ledger_columns
from app.exports.office_sheet import A4, BORDERED, SERIAL, column_width
from app.imports.files.escapes import escaped
from app.imports.files.headers import EXAMPLE
from app.imports.mapping.columns import NOTE_HEADINGS, ledger_fields
from app.imports.mapping.written import Cell, cell
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType

Choices = Mapping[str, Sequence[str]]  # type of a register -> what a cell may name
HEADER_ROW, EXAMPLE_ROW, LAST_ROW = 2, 3, 2000
OPTIONS, GUIDE = "选项", "填写说明"
RULES = (
    "每张表一类记录，表名和表头不要改动；不用的表、不用的列可以删去。",
    "带 * 的列必须填写。编号不填由系统编定；已有记录的编号填上，就是更新那条记录。",
    "空格不清除原有内容；台账里没有的记录不会因此关闭或作废。",
    "日期写成 2017-05-14；是否类写 是 或 否；几项之间用顿号“、”隔开，整改措施之间用分号“；”隔开。",
    "编号、证件号码、文号的列已设为文本，请不要改成数字。灰色的示例行不会导入，可以留着，也可以删去。",
)


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """A column to fill in: its heading, whether it must be filled, its note, and its example."""

    heading: str
    field: kinds.Field | None
    note: str
    example: Cell


def template_columns(t: RecordType) -> list[TemplateColumn]:
    """The columns of a type: all that an import reads."""
    shown = {c.member: c for c in ledger_columns(t)}
    number, sample = shown["number"], next(iter(t.examples.values()), {})
    assigned = "编号由系统编定；更新已有记录的，填它的编号。"
    found = [TemplateColumn(number.heading, None, assigned, None)]
    for f in ledger_fields(t).values():
        heading = f"{f.label}（元）" if isinstance(f, kinds.Whole) and f.money else f.label
        star = "*" if f.required and f.writable else ""
        found.append(TemplateColumn(heading + star, f, _note(f), _example(f, sample)))
    return [*found, TemplateColumn(NOTE_HEADINGS[0], None, "", None)]


def _note(f: kinds.Field) -> str:
    """What a heading means, as it stands beside it."""
    lines = [f.help] if f.help else []
    if isinstance(f, kinds.Choice):
        lines.append(
            "可填：" + "、".join(f.terms.label(code) for code in f.terms.codes) + ("；可填几项" if f.many else "")
        )
    elif isinstance(f, kinds.Reference):
        lines.append("填编号或名称" + ("，几个之间用顿号隔开" if f.many else ""))
    elif isinstance(f, kinds.Quantity):
        lines.append("确数写 300，余数写 300余，约数写 约300")
    if f.set_by:
        lines.append("平时由办理操作设定，补录旧台账时才填")
    return "\n".join(lines)


def _example(f: kinds.Field, sample: Mapping[str, Any]) -> Cell:
    member = f.number_column if isinstance(f, kinds.Reference) else f.name
    value = sample.get(member)
    if value is None and f.required and f.writable:
        value = f.sample
    if value is None:
        return None
    return str(value) if isinstance(f, kinds.Sealed) else cell(f, value)


def stamp(types: Sequence[RecordType]) -> str:
    """What the templates of these types are made for, in eight characters."""
    said = [[t.path, [[c.heading, c.note] for c in template_columns(t)]] for t in types]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:8]


def csv_template(t: RecordType, charset: str) -> bytes:
    """The headings and the example, as a csv."""
    columns, written = template_columns(t), io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([SERIAL, *(c.heading for c in columns)])
    writer.writerow([EXAMPLE, *(escaped("" if c.example is None else str(c.example)) for c in columns)])
    return BEGINNINGS[charset] + written.getvalue().encode(charset)


@dataclass
class Template:
    """A workbook to fill in, written to `path`: a guide, a sheet for each type, and the hidden sheet of choices."""

    types: Sequence[RecordType]
    path: Path
    choices: Choices
    lists: dict[tuple[str, ...], str] = field(default_factory=dict)  # what a cell may hold -> where that stands

    def write(self) -> None:
        """Write the whole file. Runs in a thread."""
        self.book = xlsxwriter.Workbook(self.path, {"strings_to_formulas": False, "strings_to_urls": False})
        self.book.set_properties({"title": "台账模板", "comments": f"模板版本 {stamp(self.types)}"})
        self.book.set_custom_property("template_version", stamp(self.types), "text")
        guide = self.book.add_worksheet(GUIDE)
        sheets = [self.book.add_worksheet(t.ledger.sheets[0][:31]) for t in self.types]
        self.options = self.book.add_worksheet(OPTIONS)
        self.options.hide()
        guide.set_column(0, 0, 100)
        for at, line in enumerate((f"模板版本 {stamp(self.types)}", *RULES)):
            guide.write_string(at, 0, line, self.book.add_format({"text_wrap": True}))
        for t, sheet in zip(self.types, sheets, strict=True):
            self._lay_out(t, sheet)
        sheets[0].activate()
        self.book.close()

    def _lay_out(self, t: RecordType, sheet: Any) -> None:
        """A sheet: title, stamp, headings with notes, the example, and what the cells below may hold."""
        columns = template_columns(t)
        head = self.book.add_format({**BORDERED, "bold": True, "align": "center", "bg_color": "#EDEDED"})
        grey = self.book.add_format({**BORDERED, "font_color": "#808080", "italic": True})
        day = self.book.add_format({**BORDERED, "font_color": "#808080", "italic": True, "num_format": "yyyy-mm-dd"})
        sheet.write_string(0, 0, t.ledger.sheets[0], self.book.add_format({"bold": True, "font_size": 16}))
        sheet.write_string(1, 0, f"模板版本 {stamp([t])}")
        sheet.write_string(HEADER_ROW, 0, SERIAL, head)
        sheet.write_string(EXAMPLE_ROW, 0, EXAMPLE, grey)
        for place, c in enumerate(columns, 1):
            sheet.set_column(
                place, place, column_width(c.field), self.book.add_format({"num_format": _format(c.field)})
            )
            sheet.write_string(HEADER_ROW, place, c.heading, head)
            if c.note:
                sheet.write_comment(HEADER_ROW, place, c.note, {"x_scale": 2})
            if isinstance(c.example, date):
                sheet.write_datetime(EXAMPLE_ROW, place, c.example, day)
            elif isinstance(c.example, int | Decimal):
                sheet.write_number(EXAMPLE_ROW, place, c.example, grey)
            else:
                sheet.write_string(EXAMPLE_ROW, place, c.example or "", grey)
            if rule := self._rule(c.field):
                sheet.data_validation(EXAMPLE_ROW, place, LAST_ROW, place, rule)
        sheet.freeze_panes(EXAMPLE_ROW, 1)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEADER_ROW)

    def _rule(self, f: kinds.Field | None) -> dict[str, Any] | None:
        """What Excel lets into a cell. A register may be incomplete, so another name is let in after a question."""
        if isinstance(f, kinds.Flag):
            return self._one_of(("是", "否"), "stop")
        if isinstance(f, kinds.Choice) and not f.many:
            return self._one_of(tuple(f.terms.label(code) for code in f.terms.codes), "stop")
        if isinstance(f, kinds.Reference) and not f.many and self.choices.get(f.to):
            return self._one_of(tuple(self.choices[f.to]), "warning")
        if isinstance(f, kinds.Day):
            limits = {"criteria": "between", "minimum": date(1950, 1, 1), "maximum": date(2099, 12, 31)}
            return {"validate": "date", **limits, "error_type": "warning", "error_message": "请填日期，如 2017-05-14"}
        return None

    def _one_of(self, texts: tuple[str, ...], kind: str) -> dict[str, Any]:
        if texts not in self.lists:
            place = len(self.lists)
            self.options.write_column(0, place, texts)
            column = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
            self.lists[texts] = f"={OPTIONS}!{column}$1:{column}${len(texts)}"
        return {"validate": "list", "source": self.lists[texts], "error_type": kind, "error_message": "请从列表中选"}


def _format(f: kinds.Field | None) -> str:
    """How Excel shows what is typed: numbers of records and of persons as text, so that no digit is lost."""
    if isinstance(f, kinds.Day):
        return "yyyy-mm-dd"
    return "General" if isinstance(f, kinds.Whole | kinds.Quantity) else "@"
