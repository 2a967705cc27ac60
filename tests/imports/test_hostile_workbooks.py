"""Workbooks that would cost more than they hold, or are none: refused before they are laid out."""

import shutil
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.imports.files.limits import UnreadableFile
from tests.support.workbooks import SHEET, altered, made, refusal, sheets


def test_the_name_of_the_file_says_nothing_about_its_kind(small: Path) -> None:
    assert sheets(Path(shutil.copy(small, small.with_name("upload")))) == sheets(
        Path(shutil.copy(small, small.with_suffix(".xls")))
    )


# Workbooks: what hostile or unlucky files hold


def test_two_cells_at_opposite_corners_are_refused_before_they_are_laid_out(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "b")

    refused = refusal(made(tmp_path / "a.xlsx", fill))
    assert (refused.code, refused.params) == ("too_many_columns", {"sheet": "台账", "columns": 16384, "limit": 512})


def test_a_cell_far_below_is_refused_with_the_rows_counted(tmp_path: Path) -> None:
    path = made(tmp_path / "a.xlsx", lambda _, sheet: [sheet.write(0, 0, 1), sheet.write(300_000, 0, 2)])
    refused = refusal(path)
    assert (refused.code, refused.params) == ("cell_far_below", {"sheet": "台账", "rows": 300_001, "limit": 200_000})


def test_a_format_left_on_far_blank_cells_does_not_matter(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        border = book.add_format({"border": 1})
        sheet.write(0, 0, "甲")
        sheet.write_blank(1_048_575, 16_383, None, border)
        sheet.set_row(900_000, 30, border)

    assert sheets(made(tmp_path / "a.xlsx", fill))["台账"] == [(1, ["甲"])]


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

    path = made(tmp_path / "a.xlsx", fill)
    assert refusal(path, cells=25_000).code == "workbook_too_large"
    assert len(sheets(path, cells=31_000)) == 4


def test_a_long_string_in_many_cells_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "a.xlsx", lambda _, sheet: [sheet.write(row, 0, "长" * 10_000) for row in range(3_000)])
    assert path.stat().st_size < 100_000
    assert refusal(path, text=20_000_000).code == "workbook_too_large"
    assert len(sheets(path, text=30_000_000)["台账"]) == 3_000


def test_many_strings_of_which_one_is_long_are_counted_exactly(tmp_path: Path) -> None:
    def fill(_: Any, sheet: Any) -> None:
        sheet.write(0, 0, "长" * 30_000)
        for row in range(1, 5_000):
            sheet.write(row, 0, f"短{row}")

    assert len(sheets(made(tmp_path / "a.xlsx", fill), text=60_000)["台账"]) == 5_000


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
