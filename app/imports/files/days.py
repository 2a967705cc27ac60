"""A cell to the day that it shows, in the ways in which clerks and programs write days."""

import re
from datetime import date, datetime, timedelta

from app.imports.files.cells import INVISIBLE, folded, remembered
from app.imports.files.raw import CellProblem, Number1904, Raw

_EXCEL_EPOCH = date(1899, 12, 30)  # serial 61 is 1900-03-01; earlier serials are outside the accepted range
_YEARS_1904 = 1462  # days by which the serials of a workbook with the date system of 1904 are behind
_SERIALS = range(20000, 80001)  # 1954 to 2119

_DAY_MARKS = re.compile(r"\s*([年月日号])\s*")
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\+08:00)?"
_DAY = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}})(?:[T ]+{_TIME})?")
_CHINESE_DAY = re.compile(rf"([0-9]{{4}})()年([0-9]{{1,2}})月([0-9]{{1,2}})(?:[日号](?:[T ]*{_TIME})?)?")
_COMPACT_DAY = re.compile(r"((?:19|20)[0-9]{2})()([0-9]{2})([0-9]{2})")
_NO_DAY = re.compile(r"(?:19|20)[0-9]{2}(?:年?|[-/.年](?:0?[1-9]|1[0-2])月?份?|0[1-9]|1[0-2])")
_SERIAL = re.compile(r"[2-7][0-9]{4}(?:\.[0-9]+)?|80000")
_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_IN_WORDS = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})[日号])?"
)


@remembered
def day(raw: Raw) -> date:
    """The day of a date cell, of an Excel serial, or of a text as clerks write dates; a time of day is dropped.

    Errors: `day_missing` for a month or a year alone, `no_such_day` for one that the calendar lacks, `not_a_date` for
    what is none or whose order of day, month and year can be read in two ways.
    """
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool) and int(raw) in _SERIALS:
        return _EXCEL_EPOCH + timedelta(days=int(raw) + (_YEARS_1904 if isinstance(raw, Number1904) else 0))
    written = folded(raw)
    if not written.isascii():
        written = _in_digits(INVISIBLE.sub("", _DAY_MARKS.sub(r"\1", written)).strip())
    if _SERIAL.fullmatch(written):  # a date that Excel has saved in a column of the format General
        return _EXCEL_EPOCH + timedelta(days=int(float(written)))
    match = _DAY.fullmatch(written) or _CHINESE_DAY.fullmatch(written) or _COMPACT_DAY.fullmatch(written)
    if match is None:
        raise CellProblem("day_missing" if _NO_DAY.fullmatch(written) else "not_a_date", raw)
    year, month, of_month = int(match[1]), int(match[3]), int(match[4])
    if not 1900 <= year < 2100 or not 1 <= month <= 12:
        raise CellProblem("not_a_date", raw)
    try:
        return date(year, month, of_month)
    except ValueError:
        raise CellProblem("no_such_day", raw, year=year, month=month, day=of_month) from None


def _in_digits(written: str) -> str:
    """二〇一七年五月十四日 as 2017年5月14日; any other text as it is."""
    match = _IN_WORDS.fullmatch(written)
    if match is None:
        return written
    of_month = f"{_up_to_99(match[3])}日" if match[3] else ""
    return f"{match[1].translate(_DIGITS)}年{_up_to_99(match[2])}月{of_month}"


def _up_to_99(words: str) -> int:
    tens, ten, ones = words.rpartition("十")
    if not ten:
        return int(words.translate(_DIGITS))
    return int(tens.translate(_DIGITS) or 1) * 10 + int(ones.translate(_DIGITS) or 0)
