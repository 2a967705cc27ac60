"""A cell to an amount, to yes or no, to several names: as a person would read it, and no further."""

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.files.cells import (
    fold_name,
    money_fen,
    split,
    truth,
)
from app.imports.files.raw import CellProblem, Raw


def problem(read: Any, *arguments: Any) -> str:
    with pytest.raises(CellProblem) as found:
        read(*arguments)
    return found.value.code


def wide(written: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in written)


# Blank and text


@pytest.mark.parametrize(
    ("raw", "unit", "fen"),
    [
        ("5万元", None, 5_000_000), ("5万", None, 5_000_000), ("2.7", "万元", 2_700_000), (2.7, "万元", 2_700_000),
        (0.9, "万元", 900_000),
        (1234.5600000000002, "元", 123_456), ("1,234.56元", None, 123_456), ("￥1,234.56", None, 123_456),
        ("¥5", "万元", 500),
        ("２．７", "万元", 2_700_000), ("2700元", "万元", 270_000), ("5万元整", None, 5_000_000),
        ("1.5亿元", None, 15_000_000_000),
        ("0.0001", "万元", 100), ("0.01", "元", 1), (0.0, "元", 0), ("-5", "元", -500), ("3千元", None, 300_000),
        ("1.50", "元", 150),
        (29.0, "元", 2_900), (1.1, "元", 110), (4.35, "元", 435),
    ],
)  # fmt: skip
def test_an_amount_is_exact_in_fen(raw: Raw, unit: str | None, fen: int) -> None:
    assert money_fen(raw, unit) == fen


@pytest.mark.parametrize(
    ("raw", "unit", "code"),
    [
        ("5", None, "unit_missing"), (5.0, None, "unit_missing"), ("5", "户", "unit_missing"),
        ("0.001", "元", "fraction_of_fen"),
        (0.0000001, "万元", "fraction_of_fen"), ("约5万元", None, "not_an_amount"), ("5万2千", None, "not_an_amount"),
        ("五万元", None, "not_an_amount"), ("", "元", "not_an_amount"), (True, "元", "not_an_amount"),
        ("1,23元", None, "not_an_amount"),
        ("999999999999亿元", None, "not_an_amount"), ("5万元/户", None, "not_an_amount"),
        ("1E+17", "元", "number_ruined_by_excel"),
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_known_to_the_fen_is_refused(raw: Raw, unit: str | None, code: str) -> None:
    assert problem(money_fen, raw, unit) == code


@given(
    st.integers(-(10**15), 10**15),
    st.sampled_from([("元", 2), ("千元", 5), ("万元", 6), ("亿元", 10)]),
    st.booleans(),
)
def test_fen_written_in_any_unit_come_back(fen: int, unit: tuple[str, int], grouped: bool) -> None:
    amount = Decimal(fen).scaleb(-unit[1])
    written = f"{amount:,f}" if grouped else f"{amount:f}"
    assert money_fen(written, unit[0]) == fen
    assert money_fen(wide(written) + unit[0], None) == fen


@given(st.integers(0, 10**12))
def test_fen_survive_a_float_cell(fen: int) -> None:
    assert money_fen(fen / 100, "元") == fen


# Yes, no, and lists


@pytest.mark.parametrize("raw", ["是", "√", "有", "对", "Y", "y", "Ｙ", "yes", "1", 1, 1.0, True, " 是 "])
def test_yes_is_read(raw: Raw) -> None:
    assert truth(raw) is True


@pytest.mark.parametrize("raw", ["否", "×", "无", "错", "N", "ｎ", "no", "0", 0, 0.0, False])
def test_no_is_read(raw: Raw) -> None:
    assert truth(raw) is False


@pytest.mark.parametrize("raw", ["/", "—", "-", "", "　", None])
def test_neither_yes_nor_no_is_nothing(raw: Raw) -> None:
    assert truth(raw) is None


@pytest.mark.parametrize("raw", ["未知", "是否", "2", 2.0, "x", "待定"])
def test_anything_else_is_neither_yes_nor_no(raw: Raw) -> None:
    assert problem(truth, raw) == "not_yes_or_no"


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("甲、乙，丙,丁；戊;己\n庚\r\n辛", list("甲乙丙丁戊己庚辛")),
        ("、甲 、、　乙；", ["甲", "乙"]),
        ("C-0001", ["C-0001"]),
        (12.0, ["12"]),
        ("", []),
        (None, []),
        ("1.甲、2.乙", ["1.甲", "2.乙"]),
    ],
)
def test_names_part_at_every_list_mark(raw: Raw, parts: list[str]) -> None:
    assert split(raw, "names") == parts


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("补齐档案，组织复核；对照清单、逐户核查", ["补齐档案，组织复核", "对照清单、逐户核查"]),
        ("1.甲事；2.乙事\n3、丙事", ["甲事", "乙事", "丙事"]),
        ("（1）甲事；（二）乙事；③丙事；四、丁事", ["甲事", "乙事", "丙事", "丁事"]),
        ("1.甲事；乙事", ["1.甲事", "乙事"]),
        ("1.5万元已收缴；2.5万元待收", ["1.5万元已收缴", "2.5万元待收"]),
        ("2017年完成；2018年复查", ["2017年完成", "2018年复查"]),
        ("1.；2.乙事", ["1.", "2.乙事"]),
        ("1.甲事", ["甲事"]),
    ],
)
def test_measures_part_at_semicolons_and_lose_list_numbers_that_all_have(raw: Raw, parts: list[str]) -> None:
    assert split(raw, "measures") == parts


@given(st.text(st.sampled_from("甲乙1.、，,；;\n\r 　（）①"), max_size=20), st.sampled_from(["names", "measures"]))
def test_no_part_is_empty_and_no_letter_is_lost(written: str, kind: Any) -> None:
    parts = split(written, kind)
    assert all(part and part == part.strip() for part in parts)
    assert [one for one in "".join(parts) if one in "甲乙"] == [one for one in written if one in "甲乙"]


# Comparing names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("市 民政局", "市民政局"), ("　市民政局\n", "市民政局"), ("第１巡察组", "第1巡察组"),
        ("执纪（监督）科", "执纪(监督)科"),
        ("市民政局\u200b", "\ufeff市民政局"), ("ＡＢ组", "AB组"),
    ],
)  # fmt: skip
def test_names_written_with_other_widths_and_spaces_are_the_same(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_names_that_differ_in_a_character_stay_apart() -> None:
    assert (
        len({fold_name(name) for name in ["市民政局", "市民政所", "县民政局", "市民政局1", "喆", "哲", "𠮷", "吉"]})
        == 8
    )


@given(st.text())
def test_folding_a_name_twice_changes_nothing_more(name: str) -> None:
    once = fold_name(name)
    assert "".join(unicodedata.normalize("NFKC", once).split()) == once
