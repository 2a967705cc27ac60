"""Real files on disk, kind and hostile, to rows."""

import codecs
import csv
import io
import json
import math
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.imports.files.cells import Raw
from app.imports.files.limits import LONGEST_LINE, Limits, UnreadableFile
from app.imports.files.ndjson import UnreadableLine, read_ndjson
from app.imports.files.readers import read_csv, read_workbook
from app.strict_json import DEEPEST

Rows = list[tuple[int, list[Raw]]]


def workbook(path: Path, fill: Callable[[Any, Any], object], **options: Any) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        fill(book, book.add_worksheet("台账"))
    return path


def sheets(path: Path, **limits: int) -> dict[str, Rows]:
    return {sheet.name: list(sheet.rows) for sheet in read_workbook(path, limits=Limits(**limits))}


def altered(path: Path, part: str, old: str, new: str) -> Path:
    """The workbook with one text within one part replaced: what a program other than Excel might write."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    assert old.encode() in members[part]
    members[part] = members[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def refusal(path: Path, **limits: int) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as refused:
        sheets(path, **limits)
    return refused.value


SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return workbook(tmp_path / "small.xlsx", lambda _, sheet: [sheet.write(0, 0, "甲"), sheet.write(1, 1, "乙")])


# Workbooks: what people write


def test_a_workbook_gives_its_cells_as_what_they_are(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        day, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm"})
        sheet.write_row(0, 0, ["文字", 3, 2.5, True])
        sheet.write_datetime(1, 0, datetime(2017, 8, 4), day)
        sheet.write_datetime(1, 1, datetime(2017, 8, 4, 9, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
        sheet.write_datetime(1, 2, time(9, 30), clock)

    rows = sheets(workbook(tmp_path / "a.xlsx", fill))["台账"]
    assert rows == [
        (1, ["文字", 3.0, 2.5, True]),
        (2, [date(2017, 8, 4), datetime(2017, 8, 4, 9, 30), "09:30:00", ""]),
    ]


def test_rows_and_columns_are_counted_from_the_corner_of_the_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda _, sheet: sheet.write(3, 2, "这里"))
    assert sheets(path)["台账"] == [(1, ["", "", ""]), (2, ["", "", ""]), (3, ["", "", ""]), (4, ["", "", "这里"])]


def test_every_cell_of_a_merged_range_holds_its_value(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.merge_range(0, 0, 0, 2, "标题")
        sheet.merge_range(1, 0, 3, 0, "第一组")
        for row in (1, 2, 3):
            sheet.write_row(row, 1, [row, "x"])

    assert sheets(workbook(tmp_path / "a.xlsx", fill))["台账"] == [
        (1, ["标题", "标题", "标题"]),
        (2, ["第一组", 1.0, "x"]),
        (3, ["第一组", 2.0, "x"]),
        (4, ["第一组", 3.0, "x"]),
    ]


def test_an_entry_two_rows_tall_is_not_doubled(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        for column, value in enumerate("甲乙"):
            sheet.merge_range(0, column, 1, column, value)
        sheet.write_row(2, 0, ["丙", "丁"])

    assert sheets(workbook(tmp_path / "a.xlsx", fill))["台账"] == [(1, ["甲", "乙"]), (2, ["", ""]), (3, ["丙", "丁"])]


def test_error_cells_are_seen_on_the_sheet_they_are_on(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row(0, 0, ["甲", "乙"])
        other = book.add_worksheet("另一 & 张")
        other.write(1, 1, "丙")
        other.write_formula(2, 0, "=VLOOKUP(1,A1:B2,2)", None, "#N/A")
        other.write_formula(2, 1, "=1/0", book.add_format({"bold": True}), "#DIV/0!")

    found = sheets(workbook(tmp_path / "a.xlsx", fill))
    assert found["台账"] == [(1, ["甲", "乙"])]
    assert found["另一 & 张"][2] == (3, ["#N/A", "#DIV/0!"])


def test_hidden_sheets_are_read_and_charts_are_not(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, 1)
        book.add_worksheet("隐藏").hide()
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=台账!$A$1:$A$1"})
        book.add_chartsheet("图").set_chart(chart)

    assert sheets(workbook(tmp_path / "a.xlsx", fill)) == {"台账": [(1, [1.0])], "隐藏": []}


def test_the_name_of_the_file_says_nothing_about_its_kind(small: Path) -> None:
    assert sheets(Path(shutil.copy(small, small.with_name("upload")))) == sheets(
        Path(shutil.copy(small, small.with_suffix(".xls")))
    )


# Workbooks: what hostile or unlucky files hold


def test_two_cells_at_opposite_corners_are_refused_before_they_are_laid_out(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "b")

    refused = refusal(workbook(tmp_path / "a.xlsx", fill))
    assert (refused.code, refused.params) == ("too_many_columns", {"sheet": "台账", "columns": 16384, "limit": 512})


def test_a_cell_far_below_is_refused_with_the_rows_counted(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda _, sheet: [sheet.write(0, 0, 1), sheet.write(300_000, 0, 2)])
    refused = refusal(path)
    assert (refused.code, refused.params) == ("too_many_rows", {"sheet": "台账", "rows": 300_001, "limit": 200_000})


def test_a_format_left_on_far_blank_cells_does_not_matter(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        border = book.add_format({"border": 1})
        sheet.write(0, 0, "甲")
        sheet.write_blank(1_048_575, 16_383, None, border)
        sheet.set_row(900_000, 30, border)

    assert sheets(workbook(tmp_path / "a.xlsx", fill))["台账"] == [(1, ["甲"])]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="XFD900000"><v>1</v></c>',
        '<c r="XFD900000" t="str"><v></v></c>',
        '<c r="A1" r="XFD900000"><v>1</v></c>',
        "<c r=\"A1\"\tr='XFD900000'><v>1</v></c>",
        '<c r="A1"r="XFD900000"><v>1</v></c>',
        '<c x="/>" r="XFD900000"><v>1</v></c>',
        '<c\nr="XFD900000"><v>1</v></c>',
        "<c r='XFD900000'><v>1</v></c>",
        '<x:c r="XFD900000"><v>1</v></x:c>',
        '<c r="xfd900000"><v>1</v></c>',
    ],
)
def test_no_spelling_of_a_far_cell_gets_past_the_measure(small: Path, cell: str) -> None:
    altered(small, SHEET, "</row></sheetData>", f'</row><row r="3">{cell}</row></sheetData>')
    assert refusal(small).code in {"too_many_columns", "workbook_layout"}


def test_cells_that_do_not_say_where_they_are_need_saving_again(small: Path) -> None:
    altered(small, SHEET, "</row></sheetData>", '</row><row r="1000000"><c><v>1</v></c></row></sheetData>')
    assert (refusal(small).code, refusal(small).params) == ("workbook_layout", {"sheet": "台账"})


def test_the_extent_counts_over_all_sheets(tmp_path: Path) -> None:
    def fill(book: Any, _: Any) -> None:
        for name in "甲乙丙":
            sheet = book.add_worksheet(name)
            sheet.write(0, 0, 1)
            sheet.write(99, 99, 1)

    path = workbook(tmp_path / "a.xlsx", fill)
    assert refusal(path, cells=25_000).code == "workbook_too_large"
    assert len(sheets(path, cells=31_000)) == 4


def test_a_long_string_in_many_cells_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", lambda _, sheet: [sheet.write(row, 0, "长" * 10_000) for row in range(3_000)])
    assert path.stat().st_size < 100_000
    assert refusal(path, text=20_000_000).code == "workbook_too_large"
    assert len(sheets(path, text=30_000_000)["台账"]) == 3_000


def test_many_strings_of_which_one_is_long_are_counted_exactly(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write(0, 0, "长" * 30_000)
        for row in range(1, 5_000):
            sheet.write(row, 0, f"短{row}")

    assert len(sheets(workbook(tmp_path / "a.xlsx", fill), text=60_000)["台账"]) == 5_000


def test_a_lie_about_the_number_of_strings_is_refused(small: Path) -> None:
    altered(small, "xl/sharedStrings.xml", 'uniqueCount="2"', 'uniqueCount="4000000000"')
    assert refusal(small).code == "not_a_workbook"


def test_merged_ranges_that_reach_beyond_the_data_cost_nothing(small: Path) -> None:
    merge = '</sheetData><mergeCells count="1"><mergeCell ref="B2:XFD1048576"/><mergeCell ref="Z9:Z10"/></mergeCells>'
    altered(small, SHEET, "</sheetData>", merge)
    assert sheets(small)["台账"] == [(1, ["甲", ""]), (2, ["", "乙"])]


def test_merged_ranges_piled_on_each_other_are_refused(small: Path) -> None:
    altered(small, SHEET, "</sheetData>", "</sheetData><mergeCells>" + '<mergeCell ref="A1:B2"/>' * 9 + "</mergeCells>")
    assert refusal(small).code == "not_a_workbook"


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def test_zip_bombs_are_refused_by_what_their_directory_says(tmp_path: Path) -> None:
    book = {"xl/workbook.xml": b"<workbook/>"}
    steep = zipped(tmp_path / "steep", book | {"xl/worksheets/sheet1.xml": bytes(8 * 2**20)})
    assert refusal(steep).code == "workbook_too_large"
    crowd = zipped(tmp_path / "crowd", book | {f"xl/media/{at}": b"x" for at in range(2_000)})
    assert refusal(crowd).code == "workbook_too_large"
    broad = zipped(tmp_path / "broad", book | {"xl/a": bytes(2**20), "xl/b": bytes(2**20)})
    assert refusal(broad, unpacked=2**21).code == "workbook_too_large"


def test_a_directory_that_understates_a_member_is_found_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.xlsx", {"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b"x" * 10**6})
    raw = bytearray(path.read_bytes())
    entry = raw.rfind(b"PK\x01\x02")
    struct.pack_into("<I", raw, entry + 16, zlib.crc32(b"x" * 10))  # the sum of what a trusting reader would see
    struct.pack_into("<I", raw, entry + 24, 10)
    path.write_bytes(raw)
    with zipfile.ZipFile(path) as archive:
        assert archive.read("xl/worksheets/sheet1.xml") == b"x" * 10
    assert refusal(path).code == "not_a_workbook"


def test_two_members_of_one_name_are_refused(small: Path) -> None:
    with pytest.warns(UserWarning), zipfile.ZipFile(small, "a") as target:
        target.writestr(SHEET, b"<worksheet/>")
    assert refusal(small).code == "not_a_workbook"


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        (b"", "empty_file", {}),
        ("序号,名称\r\n1,甲".encode("gb18030"), "not_a_workbook", {}),
        (b"PK\x03\x04 and nothing more", "not_a_workbook", {}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook_format", {"format": "xls"}),
        (b"\xd0\xcf\x11\xe0" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "workbook_encrypted", {}),
        (b"\r\n <html><table><tr><td>1</td></tr></table></html>", "workbook_format", {"format": "html"}),
    ],
)
def test_what_is_no_workbook_says_what_it_is(tmp_path: Path, content: bytes, code: str, params: dict[str, str]) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    refused = refusal(tmp_path / "a.xlsx")
    assert (refused.code, refused.params) == (code, params)


@pytest.mark.parametrize(
    ("part", "kind"), [("content.xml", "ods"), ("xl/workbook.bin", "xlsb"), ("XL\\Workbook.BIN", "xlsb")]
)
def test_other_kinds_are_refused_even_within_a_workbook(small: Path, part: str, kind: str) -> None:
    with zipfile.ZipFile(small, "a") as target:
        target.writestr(part, b"")
    assert (refusal(small).code, refusal(small).params) == ("workbook_format", {"format": kind})


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(small: Path, at: int, byte: int, cut: bool) -> None:
    raw = bytearray(small.read_bytes())
    raw[at % len(raw)] = byte
    path = small.with_name("damaged.xlsx")
    path.write_bytes(raw[: at % len(raw)] if cut else raw)
    try:
        sheets(path)
    except UnreadableFile as refused:
        assert refused.code
    assert sheets(small)


# Delimited text


def records(path: Path, content: bytes, **limits: int) -> tuple[str, list[tuple[int, list[Raw]]]]:
    path.write_bytes(content)
    encoding, sheet = read_csv(path, limits=Limits(**limits))
    return encoding, list(sheet.rows)


@pytest.mark.parametrize(
    ("codec", "reported"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_rare_characters_survive_every_encoding(tmp_path: Path, codec: str, reported: str) -> None:
    content = "序号,姓名\r\n1,㐂𠮷\r\n".encode(codec)
    assert records(tmp_path / "名单.csv", content) == (reported, [(1, ["序号", "姓名"]), (2, ["1", "㐂𠮷"])])


def test_big_endian_utf_16_is_read(tmp_path: Path) -> None:
    content = codecs.BOM_UTF16_BE + "序号\t姓名\r\n1\t甲\r\n".encode("utf-16-be")
    assert records(tmp_path / "a.csv", content) == ("utf-16", [(1, ["序号", "姓名"]), (2, ["1", "甲"])])


TWO_WAYS = bytes([0xD2, 0xBB, 0xCA, 0xB5])  # 一实 in GB18030, һʵ in UTF-8


def test_gb_text_that_begins_as_good_utf_8_is_told_by_its_end(tmp_path: Path) -> None:
    assert (TWO_WAYS.decode("gb18030"), TWO_WAYS.decode()) == ("一实", "һʵ")
    content = b"a,b\r\n" + b"1," + TWO_WAYS + b"\r\n"
    content += (b"2," + TWO_WAYS * 50 + b"\r\n") * 6_000 + "3,市民政局\r\n".encode("gb18030")
    assert len(content) > 2**20  # longer than any one block that is read at a time
    encoding, rows = records(tmp_path / "a.csv", content)
    assert encoding == "gb18030"
    assert rows[1] == (2, ["1", "一实"])
    assert rows[-1] == (6003, ["3", "市民政局"])


def test_characters_of_gb18030_that_gbk_lacks_do_not_break_the_file(tmp_path: Path) -> None:
    content = "姓名,单位\n㐂𠮷䶮,市民政局\n".encode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        content.decode("gbk")
    assert records(tmp_path / "a.csv", content)[1][1] == (2, ["㐂𠮷䶮", "市民政局"])


def test_a_character_across_two_blocks_is_one_character(tmp_path: Path) -> None:
    for lead in range(4):
        line = "甲," + "𠮷" * 100 + "\n"
        content = b"a" * lead + (line * 4_000).encode("gb18030")
        assert len(records(tmp_path / "a.csv", content)[1]) == 4_000


def test_a_broken_character_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as refused:
        records(tmp_path / "a.csv", "序号,名称\n1,甲\n2,".encode() + b"\xff\n")
    assert (refused.value.code, refused.value.params) == ("undecodable_text", {"line": 3})
    with pytest.raises(UnreadableFile) as refused:
        records(tmp_path / "a.csv", "序号,名称\n1,甲".encode("gb18030")[:-1])
    assert (refused.value.code, refused.value.params) == ("undecodable_text", {"line": 2})


def test_what_is_wrong_behind_many_good_characters_is_told_by_its_line(tmp_path: Path) -> None:
    good = ("序号,名称\n" + "1,市民政局\n" * 20_000).encode()
    for wrong, code in ((b"2,\xff\n", "undecodable_text"), (b"2," * (LONGEST_LINE // 2 + 1) + b"\n", "line_too_long")):
        for content in (good + wrong, good + wrong + good):
            with pytest.raises(UnreadableFile) as refused:
                records(tmp_path / "a.csv", content)
            assert (refused.value.code, refused.value.params["line"]) == (code, 20_002)


def test_a_byte_order_mark_binds_the_rest_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="undecodable_text"):
        records(tmp_path / "a.csv", codecs.BOM_UTF8 + "序号".encode("gb18030"))


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_header_line_tells_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    lines = [
        ["台账"],
        ["序号", "名称", "整改措施"],
        ["1", "甲", "一;二;三;四;五;六"],
        ["2", "乙", "a,b,c,d,e,f,g\th\ti\tj"],
    ]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(lines)
    rows = records(tmp_path / "a.csv", buffer.getvalue().encode())[1]
    assert [cells for _, cells in rows] == lines


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    assert [cells for _, cells in records(tmp_path / "a.csv", "单位\n甲\n".encode())[1]] == [["单位"], ["甲"]]


def test_rows_are_counted_as_excel_shows_them(tmp_path: Path) -> None:
    rows = records(tmp_path / "a.csv", '序号,内容,备注\r\n1,"第一行\r\n第二行",\r\n\r\n2,丙,"他说""好"""\r\n'.encode())[
        1
    ]
    assert rows == [
        (1, ["序号", "内容", "备注"]),
        (2, ["1", "第一行\r\n第二行", ""]),
        (3, []),
        (4, ["2", "丙", '他说"好"']),
    ]


def test_line_ends_of_an_old_macintosh_part_rows(tmp_path: Path) -> None:
    assert len(records(tmp_path / "a.csv", "序号,内容\r1,甲\r2,乙".encode())[1]) == 3


def test_a_quote_that_never_closes_does_not_swallow_the_rest(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as refused:
        records(tmp_path / "a.csv", '序号,内容\n1,甲\n2,"乙\n3,丙\n4,丁\n'.encode())
    assert (refused.value.code, refused.value.params) == ("quote_not_closed", {"row": 3})


def test_a_last_line_without_a_line_end_is_whole(tmp_path: Path) -> None:
    assert records(tmp_path / "a.csv", '序号,内容\n1,"甲"'.encode())[1][-1] == (2, ["1", "甲"])


def test_text_has_limits_too(tmp_path: Path) -> None:
    for content, code in (
        (b"", "empty_file"),
        (b"a,b\n" * 11, "too_many_rows"),
        (b"a,b\n1," + b"x" * 200_000, "cell_too_long"),
        (b"a," * (LONGEST_LINE // 2 + 2**20), "line_too_long"),
    ):
        with pytest.raises(UnreadableFile) as refused:
            records(tmp_path / "a.csv", content, rows=10)
        assert refused.value.code == code


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    table=st.lists(st.lists(cells, min_size=3, max_size=3), max_size=6),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    delimiter=st.sampled_from(",\t;"),
)
def test_any_text_written_as_csv_is_read_as_it_was(
    tmp_path: Path, table: list[list[str]], codec: str, delimiter: str
) -> None:
    table = [["序号", "名称", "单位"], *table]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(table)
    encoding, rows = records(tmp_path / "a.csv", buffer.getvalue().encode(codec))
    assert encoding == codec
    assert rows == list(enumerate(table, 1))


# NDJSON


def lines(path: Path, content: bytes) -> list[tuple[int, dict[str, Any] | UnreadableLine]]:
    path.write_bytes(content)
    return list(read_ndjson(path))


def test_records_keep_the_number_of_their_line(tmp_path: Path) -> None:
    content = codecs.BOM_UTF8 + '{"a": 1}\n\n  \r\n{"b": "㐂𠮷"}\r\n[1]\n{"c": {"d": [1]}}'.encode()
    assert lines(tmp_path / "a", content) == [
        (1, {"a": 1}),
        (4, {"b": "㐂𠮷"}),
        (5, UnreadableLine("not_an_object")),
        (6, {"c": {"d": [1]}}),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"a": 1', "not_json"),
        (b'{"a": 1} {"b": 2}', "not_json"),
        (b"{'a': 1}", "not_json"),
        (b"null", "not_an_object"),
        (b'{"a": "\xff"}', "not_utf8"),
        ('{"名": "甲"}'.encode("gb18030"), "not_utf8"),
        (b'{"a": NaN}', "number_out_of_range"),
        (b'{"a": -Infinity}', "number_out_of_range"),
        (b'{"a": 1e999}', "number_out_of_range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "number_out_of_range"),
        (b'{"a": "\\ud800"}', "lone_surrogate"),
        (b'{"a": "\\u0000"}', "nul_character"),
        (b'{"a": "x\\\\\\u0000"}', "nul_character"),
        (b'{"a": "\x00"}', "not_json"),
        (b'{"a": 1, "a": 2}', "duplicate_member"),
        (b'{"a" : 1, "a"\t:\t2}', "duplicate_member"),
        (b'{"a": 1, "\\u0061": 2}', "duplicate_member"),
        (b'{"a": 1, "b": [{"c": ":", "c": 2}]}', "duplicate_member"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "too_deep"),
        (b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "too_deep"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
        (b'{"a":"' + b"x" * LONGEST_LINE + b'"}', "line_too_long"),
    ],
)
def test_a_line_that_is_no_record_says_why_and_harms_no_other(tmp_path: Path, line: bytes, code: str) -> None:
    assert lines(tmp_path / "a", b"{}\n" + line + b'\n{"z": 1}\n') == [
        (1, {}),
        (2, UnreadableLine(code)),
        (3, {"z": 1}),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": "x\\\\u0000"}',
        b'{"a": "12:30", "b": "http://x", "c": "\\":", "d": " : "}',
        b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST,
        b'{"a": {"b": 1}, "b": {"a": 1}}',
        b'{"a": "[{[{' + b"[" * 100 + b'"}',
    ],
)
def test_a_line_that_only_looks_suspicious_is_a_record(tmp_path: Path, line: bytes) -> None:
    assert lines(tmp_path / "a", line) == [(1, json.loads(line))]


names = st.sampled_from(["a", "b", "甲", "", ":", '":', '"', "\\", " :", "a\t:"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | names
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(names, inner), max_size=3).map(tuple),
    max_leaves=8,
)
spaces = st.sampled_from(["", " ", "\t", "  "])


def written(value: Any, space: str) -> tuple[str, bool]:
    """The JSON text of a value, objects given as pairs, and whether any object repeats a name."""
    if isinstance(value, tuple):
        parts = [(name, *written(inner, space)) for name, inner in value]
        body = ("," + space).join(f"{json.dumps(name)}{space}:{space}{text}" for name, text, _ in parts)
        repeats = len({name for name, _, _ in parts}) < len(parts) or any(twice for _, _, twice in parts)
        return f"{{{space}{body}{space}}}", repeats
    if isinstance(value, list):
        inner = [written(part, space) for part in value]
        return "[" + ("," + space).join(text for text, _ in inner) + "]", any(twice for _, twice in inner)
    return json.dumps(value), False


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(members=st.lists(st.tuples(names, values), max_size=4).map(tuple), space=spaces)
def test_a_repeated_member_is_found_wherever_it_hides(tmp_path: Path, members: tuple[Any, ...], space: str) -> None:
    text, repeats = written(members, space)
    [(_, found)] = lines(tmp_path / "a", text.encode())
    assert found == (UnreadableLine("duplicate_member") if repeats else json.loads(text))


def test_no_number_comes_out_infinite(tmp_path: Path) -> None:
    [(_, found)] = lines(tmp_path / "a", b'{"a": 1e308, "b": 123456789012345678901234567890}')
    assert isinstance(found, dict)
    assert all(math.isfinite(number) for number in found.values())
