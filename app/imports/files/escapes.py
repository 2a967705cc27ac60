"""The apostrophe with which an export marks a text that a spreadsheet would take for something else, and its removal.

A csv opened in a spreadsheet runs a cell that begins with `=`, drops digits of a long number, and takes 1E5 for a
number; a text 无 would be read as a blank cell. An apostrophe before it says that it is text. What is read back has
exactly that one apostrophe less; any other apostrophe is the writer's own.
"""

import re

# Full-width forms, too: input methods write them, and some spreadsheets read them as the narrow ones.
_FORMULA = "=+\\-@＝＋－＠\t\r\n"
_BLANK = "无|[/／—–―─－-]+"  # what a clerk writes into a cell that says nothing
_SPOILT = _BLANK + r"|[0-9]{12,}[Xx]?|0[0-9]+|[+-]?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,3}"
_DANGEROUS = re.compile(rf"[{_FORMULA}#]|(?:{_SPOILT})\Z")
_ESCAPED = re.compile(rf"'+(?:[{_FORMULA}#]|(?:{_SPOILT})\Z)")


def escaped(text: str) -> str:
    """The text as it may stand in a csv: with an apostrophe before it where it is dangerous, or would lose its own."""
    return f"'{text}" if _DANGEROUS.match(text) or (text[:1] == "'" and _ESCAPED.match(text)) else text


def unescaped(text: str) -> str:
    """The text without the apostrophe of `escaped`."""
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text
