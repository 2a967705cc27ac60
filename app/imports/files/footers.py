"""What stands below a table without being one of its rows: notes, and the lines of those who filled it in."""

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
    """Text in NFKC without outer spaces. 200 characters decide what a cell is, whatever a hostile one holds."""
    text = str(raw)[:200]
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip("\ufeff\u200b \t\r\n")


def opens_note(first: Raw) -> bool:
    """Whether a row that begins with this may be a note or a signature line."""
    return isinstance(first, str) and _NOTE.match(nfkc(first)) is not None


def is_note(written: Sequence[Raw], noted: bool) -> bool:
    """A note or signature line with nothing else but more labels and their values; below one, its numbered lines."""
    if not isinstance(written[0], str):
        return False
    opening = nfkc(written[0])
    if not opens_note(written[0]):
        return noted and len(set(written)) == 1 and _NUMBERED.match(opening) is not None
    value_due = opening.endswith(":")
    for text in map(nfkc, [*dict.fromkeys(written)][1:]):  # a merged line is one text many times
        if not value_due and not _LABEL.match(text):
            return False
        value_due = text.endswith(":")
    return True
