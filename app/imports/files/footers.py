"""Rows below a table that are no entries of it: notes, and the signature lines of those who filled the table in."""

import re
import unicodedata
from collections.abc import Sequence

from app.imports.files.cells import Raw

_NOTE = re.compile(
    r"(?:附?注|备\s*注|说\s*明|填表说明)(?:[\s:.、(\d]|$)|(?:填表|填报|制表|审核|复核|审批)人|制\s*表"
    r"|(?:填表|填报)(?:单位|日期|时间)\s*:|(?:单位)?负责人\s*:|联系(?:人|电话)\s*:"
)
_LABEL = re.compile(r"[^:]{1,10}:")
_NUMBERED = re.compile(r"\(?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[).、]\s*[^\d\s].")


def nfkc(raw: Raw) -> str:
    """A cell as NFKC text without outer spaces. Only 200 characters are read: a hostile cell may hold millions."""
    text = str(raw)[:200]
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip("\ufeff\u200b \t\r\n")


def opens_note(first: Raw) -> bool:
    """Whether a row whose first cell is `first` may be a note or a signature line."""
    return isinstance(first, str) and _NOTE.match(nfkc(first)) is not None


def is_note(written: Sequence[Raw], below_note: bool) -> bool:
    """Whether the filled cells of a row are a note or a signature line: labels and their values, nothing else.

    Below a note (`below_note`) a numbered line counts as a note as well.
    """
    if not isinstance(written[0], str):
        return False
    opening = nfkc(written[0])
    if not opens_note(written[0]):
        return below_note and len(set(written)) == 1 and _NUMBERED.match(opening) is not None
    value_expected = opening.endswith(":")
    for text in map(nfkc, [*dict.fromkeys(written)][1:]):  # a merged line repeats one text in every cell
        if not value_expected and not _LABEL.match(text):
            return False
        value_expected = text.endswith(":")
    return True
