"""Rows of a table that are no entries of it: totals, notes, signatures, and what a page has above and below."""

import re
from collections.abc import Sequence

from app.imports.files.cells import nfkc
from app.imports.files.raw import CellInDoubt, Raw

_NOTE = re.compile(
    r"(?:附?注|备\s*注|说\s*明|填表说明)(?:[\s:.、(\d]|$)|(?:填表|填报|制表|审核|复核|审批|经办|报送)人|制\s*表"
    r"|(?:填表|填报)(?:单位|日期|时间)\s*:|(?:单位)?(?:主要)?负责人\s*[:(]|联系(?:人|电话)\s*:|(?:主办|抄送|报送)\s*:"
)
NOTE_STARTS = frozenset("附注备说填制审复报经单负主联抄(（ \u3000")  # how a note may begin
_LABEL = re.compile(r"[^:]{1,10}:")
_NUMBERED = re.compile(r"\(?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[).、]\s*[^\d\s].")
FIGURE = re.compile(r"(?:共|计)?[\d,.]+%?\w{0,3}")
_TOTAL = re.compile(
    r"(?:本页|本表|累计|全部|总)?(?:合计|总计|小计|共计|累计)(?:\([^()]{0,12}\))?:?(?:共?[\d,.]*(?:人次|户次|万元|[条项个人户件次名元起])?)?"
)
_OF_GROUP = re.compile(r".{1,30}?(?:合计|小计|总计)(?:\([^()]{0,12}\))?:?")
_PAGE = re.compile(
    r"第\s*\d+\s*页(?:\s*[,/]?\s*共\s*\d+\s*页)?|共\s*\d+\s*页|[-—]+\s*\d+\s*[-—]+|\d+\s*/\s*\d+"
    r"|[-—\s(]*以\s*下\s*(?:无\s*正\s*文|空\s*白)[-—\s)]*|.{0,40}\(续表?\d*\)|续\s*表\s*[\d一二三四五六七八九十]*|\(?(?:未完待续|接上页|转下页|接下页)\)?"
    r"|\(?\s*(?:盖\s*章|公\s*章|签\s*章|单位盖章|章)\s*\)?|.{2,20}\((?:盖章|公章|签章)\)"
    r"|[12]\d{3}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|(?:金额)?单位\s*:\s*\S{1,6}"
)
_NUMBER = re.compile(r"(?=.*\d)(?=.*[A-Za-z-])[0-9A-Za-z-]{3,}")  # of a record: such a row is an entry
_PLACES = re.compile(r"栏次|[甲乙丙丁戊己庚辛壬癸]|\(?\d{1,2}\)?|[A-Z]")


def is_figure(cell: Raw) -> bool:
    """Whether a cell is a figure, or a formula that nobody has computed."""
    return isinstance(cell, CellInDoubt) or FIGURE.fullmatch(str(cell)) is not None


def _opens_note(first: Raw) -> bool:
    """Whether a row whose first cell is `first` may be a note or a signature line."""
    return isinstance(first, str) and _NOTE.match(nfkc(first)) is not None


def why_left_out(written: Sequence[Raw], below_note: bool, first: bool) -> str:
    """The code of the sentence that says why a row of these filled cells is no entry; '' if it may be one.

    `first`: the row stands directly below the header, where official forms number their columns.
    """
    if _is_note(written, below_note):
        return "row_is_note"
    if _is_total(written):
        return "row_is_total"
    if (
        first
        and len(written) > 2
        and all(_PLACES.fullmatch(nfkc(_figure(cell))) for cell in written)
        and _counts(written)
    ):
        return "row_is_page"
    texts = [*dict.fromkeys(nfkc(cell) for cell in written)]
    if all(isinstance(cell, str) for cell in written) and all(map(_PAGE.fullmatch, texts)):
        return "row_is_page"
    return ""


def _figure(cell: Raw) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _counts(written: Sequence[Raw]) -> bool:
    """Whether the cells number columns: 1 2 3 …, behind 栏次, 甲 and 乙 perhaps."""
    places = [nfkc(_figure(cell)).strip("()") for cell in written]
    numbers = [int(place) for place in places if place.isdigit()]
    words = len(places) - len(numbers)
    start = numbers[0] if numbers else 1
    return start in (0, 1) and numbers == [*range(start, start + len(numbers))] and (words > 0 or len(numbers) > 3)


def _is_note(written: Sequence[Raw], below_note: bool) -> bool:
    """Whether the filled cells of a row are a note or a signature line: labels and their values, nothing else.

    Below a note (`below_note`) a numbered line counts as a note as well.
    """
    if not isinstance(written[0], str):
        return False
    opening = nfkc(written[0])
    if not _opens_note(written[0]):
        return below_note and len(set(written)) == 1 and _NUMBERED.match(opening) is not None
    value_expected = opening.endswith(":")
    for text in map(nfkc, [*dict.fromkeys(written)][1:]):  # a merged line repeats one text in every cell
        if not value_expected and not _LABEL.match(text):
            return False
        value_expected = text.endswith(":")
    return True


def _is_total(written: Sequence[Raw]) -> bool:
    """Whether one cell says 合计, at most one other names the group, and all others are figures."""
    words: list[str] = []
    for cell in written:
        if is_figure(cell) or FIGURE.fullmatch(text := "".join(nfkc(cell).split())):
            continue
        words += [text] if text not in words else []
    if any(map(_NUMBER.fullmatch, words)):
        return False
    totals = [word for word in words if "计" in word and (_TOTAL.fullmatch(word) or _OF_GROUP.fullmatch(word))]
    if len(totals) != 1:
        return False
    return len(words) == 1 or (len(words) == 2 and _TOTAL.fullmatch(totals[0]) is not None)
