"""One cell to one value, read as a person would read it.

A reader that would have to guess raises `CellProblem` instead: a code and its parameters (the words: `app/sentences`).
Readers expect a cell that holds something: ask `is_blank` first. Only `truth` accepts a blank cell.
"""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal, TypedDict

from app.imports.files.escapes import unescaped
from app.imports.files.raw import CellInDoubt, CellProblem, Raw


class QualifiedCount(TypedDict):
    """A number of persons, households or the like, and how exact the writer says it is."""

    value: int
    qualifier: Literal["exact", "at_least", "about"]


# Only full-width characters and the wide space are narrowed. NFKC would also read 5² as 52 and ① as 1.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}
_WIDE = re.compile("[\uff01-\uff5e\u3000\uffe5]")
_BLANK_MARKS = "/／-－—–―─"
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))  # no character above U+3000 is a space
INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_BLANK_STARTS = frozenset(_BLANK_MARKS + "无=\u200b\ufeff" + _SPACES)
_EXACT_DIGITS = 1e15  # a float holds 15 decimal digits; an 18-digit number typed into Excel has lost its last three

_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA|#+)")
_SCIENTIFIC = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[eE]\+[0-9]{1,3}")
_NUMBER_STARTS = frozenset("+-0123456789")
_DOUBTFUL_STARTS = _BLANK_STARTS | _NUMBER_STARTS | {"#", "'"}
_PLAIN_NUMBER = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})"
_COUNTER = "(?:人次|户次|[个家]?单位|个村|[人户个条件项次名天起份轮年批期篇场家村组宗笔处位例本页])"
_WHOLE = re.compile(rf"({_PLAIN_NUMBER})(?:\.0*)?\s*{_COUNTER}?")
_COUNT = re.compile(
    rf"(约为|大约|约|将近|接近|近|至少|不少于|超过|逾|超)?\s*([0-9]{{1,3}}(?:,[0-9]{{3}})+|[0-9]{{1,18}})(?:\.0*)?"
    rf"(余|多)?\s*{_COUNTER}?\s*(以上|左右|上下|余|多)?"
)
_ABOUT = {"约为", "大约", "约", "将近", "接近", "近", "左右", "上下"}
_AMOUNT = re.compile(rf"(¥)?\s*({_PLAIN_NUMBER})(\.[0-9]{{1,10}})?\s*(亿元|亿|百万元|万元|万|千元|元)?整?")
_YUAN = re.compile("([0-9]{1,15})元")
_FEN = {"元": 100, "千元": 100_000, "万元": 10**6, "万": 10**6, "百万元": 10**8, "亿元": 10**10, "亿": 10**10}

_TRUE = {"是", "√", "✓", "✔", "☑", "对", "有", "Y", "YES", "T", "TRUE", "1"}
_FALSE = {"否", "×", "✕", "✗", "✘", "☒", "错", "无", "没有", "N", "NO", "F", "FALSE", "0"}

_SEPARATORS = {"names": re.compile(r"[、，,；;\r\n]+"), "measures": re.compile(r"[；;\r\n]+")}
_LIST_NUMBER = re.compile(
    r"\s*(?:[0-9０-９]{1,2}\s*(?:[、)）]|[.．](?![0-9０-９]))|[（(][0-9０-９]{1,2}[)）]|[①-⑳]"
    r"|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）])\s*"
)


# A ledger repeats its days and counts: to look a reading up takes a tenth of the time of reading again. `typed` keeps
# 1 and True apart, which are equal. Callers must not change what is returned, because others get the same object.
remembered = lru_cache(maxsize=4096, typed=True)


def is_blank(raw: Raw) -> bool:
    """Whether the cell says nothing: empty, spaces, 无, or any run of `/`, `-`, `—`."""
    if raw is None:
        return True
    if not isinstance(raw, str):
        return False
    if raw and raw[0] not in _BLANK_STARTS:
        return False  # answers for most cells, in a third of the time
    inner = INVISIBLE.sub("", raw).strip()
    return not inner or inner in ("无", '=""') or not inner.strip(_BLANK_MARKS)


def plain_text(written: str) -> str:
    """The text without outer spaces, if its first character proves it an ordinary text; '' if not.

    A quick way past `is_blank` and `text`: after '' the caller must ask these two.
    """
    inner = written.strip()
    return inner if inner and inner[0] not in _DOUBTFUL_STARTS else ""


def text(raw: Raw) -> str:
    """The text of a cell without outer spaces; a number as Excel shows it, without `.0`.

    Errors: `number_ruined_by_excel` for a number whose last digits Excel has dropped, `error_cell` for #N/A and others.
    """
    if isinstance(raw, str):
        inner = raw.strip()
        if inner[:1] == "#" and _ERROR.fullmatch(inner):
            raise CellProblem("error_cell", raw)
        if inner[:1] in _NUMBER_STARTS and "+" in inner and _SCIENTIFIC.fullmatch(inner):
            raise CellProblem("number_ruined_by_excel", raw)
        if inner[:2] == '="' and inner[-1] == '"' and len(inner) > 2:
            return inner[2:-1].replace('""', '"').strip()  # how programs write a text in a csv for Excel: ="0012"
        return unescaped(inner) if inner[:1] == "'" else inner
    if raw is None:
        return ""
    if isinstance(raw, CellInDoubt):
        raise CellProblem(raw.code, raw)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, datetime):
        return raw.date().isoformat() if raw.time() == datetime.min.time() else raw.isoformat(sep=" ")
    if isinstance(raw, float):
        if not abs(raw) < _EXACT_DIGITS:
            raise CellProblem("number_ruined_by_excel", raw)
        # Excel shows 15 digits: there 0.1+0.2 is 0.3 and not 0.30000000000000004.
        return str(int(raw)) if raw.is_integer() else f"{Decimal(f'{raw:.15g}'):f}"
    return raw.isoformat() if isinstance(raw, date) else str(raw)


def folded(raw: Raw) -> str:
    """The text with full-width forms narrowed, for cells that hold a number, a day or a yes or no."""
    written = text(raw)
    return written.translate(_HALF_WIDTH).strip() if _WIDE.search(written) else written


def whole(raw: Raw) -> int:
    """A whole number, with or without thousands commas and a counter (`1,234`, `１２`, `12人`).

    Errors: `not_a_whole_number`.
    """
    match = None if isinstance(raw, bool) else _WHOLE.fullmatch(folded(raw))
    if match is None:
        raise CellProblem("not_a_whole_number", raw)
    return int(match[1].replace(",", ""))


@remembered
def count(raw: Raw) -> QualifiedCount:
    """A number as a report states it: 300 and 300户 are exact, 300余 and 300以上 at least, 约300 and 近300 about.

    Errors: `not_a_count`.
    """
    match = None if isinstance(raw, bool) else _COUNT.fullmatch(folded(raw))
    if match is None:
        raise CellProblem("not_a_count", raw)
    marks = {mark for mark in (match[1], match[3], match[4]) if mark}
    # 约300余 says both; the weaker claim is kept.
    qualifier: Literal["exact", "at_least", "about"] = "about" if marks & _ABOUT else "at_least" if marks else "exact"
    return {"value": int(match[2].replace(",", "")), "qualifier": qualifier}


def money_fen(raw: Raw, unit: str | None) -> int:
    """An amount in fen, by exact arithmetic. A unit in the cell (5万元, ￥5) wins over `unit`.

    `unit` is the unit of the heading or of the sheet, None where neither names one.
    Errors: `unit_missing`, `fraction_of_fen`, `not_an_amount`.
    """
    if isinstance(raw, str) and (yuan := _YUAN.fullmatch(raw)):
        return int(yuan[1]) * 100  # reads most cells, in a fifth of the time
    match = None if isinstance(raw, bool) else _AMOUNT.fullmatch(folded(raw))
    if match is None:
        raise CellProblem("not_an_amount", raw)
    fen_per_unit = _FEN.get(match[4] or ("元" if match[1] else unit) or "")
    if fen_per_unit is None:
        raise CellProblem("unit_missing", raw)
    decimals = (match[3] or ".")[1:]
    parts: int = 10 ** len(decimals)
    fen, rest = divmod(int(match[2].replace(",", "") + decimals) * fen_per_unit, parts)
    if rest:
        raise CellProblem("fraction_of_fen", raw)
    if abs(fen) >= 2**63:
        raise CellProblem("not_an_amount", raw)
    return fen


def truth(raw: Raw) -> bool | None:
    """Yes or no; None for a blank cell. In a 是否 column 无 means no, so do not ask `is_blank` before.

    Errors: `not_yes_or_no`.
    """
    written = folded(raw).upper()
    if written in _TRUE or written in _FALSE:
        return written in _TRUE
    if is_blank(raw):
        return None
    raise CellProblem("not_yes_or_no", raw)


def split(raw: Raw, kind: Literal["names", "measures"]) -> list[str]:
    """The parts of a list cell: names are split at 、，,；; and line breaks, measures at ；; and line breaks.

    Parts lose outer spaces, empty parts are dropped. If every measure has a list number, the numbers are dropped.
    """
    parts = [part for part in map(str.strip, _SEPARATORS[kind].split(text(raw))) if part]
    if kind == "measures":
        numbers = [_LIST_NUMBER.match(part) for part in parts]
        bare = [part[number.end() :] for part, number in zip(parts, numbers, strict=True) if number]
        if len(bare) == len(parts) and all(bare):
            return bare
    return parts


def nfkc(raw: Raw) -> str:
    """A cell as NFKC text without outer spaces. Only 200 characters are read: a hostile cell may hold millions."""
    text = str(raw)[:200]
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip("\ufeff\u200b \t\r\n")


def fold_name(written: str) -> str:
    """The form in which names of units, teams, categories and labels are compared: NFKC, no spaces. Never stored."""
    bare = INVISIBLE.sub("", "".join(unicodedata.normalize("NFKC", written).split()))
    # Once more, because NFKC makes a lone ´ a space and a mark, which without the space joins the letter before it.
    return unicodedata.normalize("NFKC", bare)
