"""Delimited text to rows: encodings, delimiters, quotes, limits."""

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.imports.files.delimited import read_csv
from app.imports.files.limits import LONGEST_LINE, Limits, UnreadableFile
from app.imports.files.raw import Raw


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
        (b"a,b\n" * 11, "too_many_lines"),
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
    assert rows == [(number, row) for number, row in enumerate(table, 1) if any(row)]
