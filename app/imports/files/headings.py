"""What a heading says: which column of a type it names, and in which unit its cells are.

A heading is compared in folded form, so that a label and its usual variants are equal.
"""

import re
from collections.abc import Sequence

from app.imports.files.cells import nfkc
from app.imports.files.located import Column, OtherHeadings, Vocabulary
from app.imports.files.raw import Raw
from app.kernel.declare.values import without_numbers

SERIALS = {"序号", "序", "行号", "no", "no."}
MONEY = {"元", "千元", "万元", "百万元", "亿元"}
_UNITS = MONEY | {"户", "人", "人次", "户次", "个", "条", "件", "项", "次", "名", "天", "起", "份", "处", "亩"}
_BRACKETED = re.compile(r"[(\[{【〔《][^()\[\]{}【】〔〕《》]*(?:[)\]}】〕》]|$)")
_TRAILING_UNIT = re.compile(r"[:/,、]([千万亿]?元|百万元)$")
_LIST_NUMBER = re.compile(r"^(?:\d{1,2}[.、]|[一二三四五六七八九十]{1,3}、)(?=.)")


def plain(raw: Raw) -> str:
    """A cell as NFKC text without any space."""
    return "".join(nfkc(raw).split())


def fold(text: str) -> str:
    """The form in which headings are compared, so that a label and its usual variants are equal.

    Dropped are spaces, list numbers, brackets and what is in them, a trailing unit, `*`, `※` or `:`, 的, and the
    endings 情况 and 数; 时间 becomes 日期. A heading that would end up empty keeps these (情况 stays 情况).
    """
    name = plain(text)
    while name != (name := _BRACKETED.sub("", name)):
        pass
    name = _LIST_NUMBER.sub("", _TRAILING_UNIT.sub("", name.strip("*※:"))).strip("*※:").replace("时间", "日期")
    return (name.replace("的", "").removesuffix("情况").removesuffix("数") or name).lower()


def unit_of(text: str) -> str | None:
    """The unit in a heading: in brackets (金额（万元）) or, for money, after a stroke (金额/万元). None without one."""
    name = plain(text).rstrip("*※:")
    for bracketed in reversed(_BRACKETED.findall(name)):
        unit: str = bracketed.strip("()[]{}【】〔〕《》").removeprefix("单位").lstrip(":").removeprefix("人民币")
        if unit in _UNITS:
            return unit
    trailing = _TRAILING_UNIT.search(_BRACKETED.sub("", name).strip("*※:"))
    return trailing[1] if trailing else None


def folded_names(columns: Sequence[Column]) -> dict[str, str]:
    """Folded heading -> key. Raises ValueError if two columns of the type would be recognised by one heading."""
    keys: dict[str, str] = {}
    for key, name in ((column.key, name) for column in columns for name in column.names):
        if (other := keys.setdefault(fold(name), key)) != key:
            raise ValueError(f"{name}: both {other} and {key} answer to {fold(name)}")
    return keys


def vocabulary_of(columns: Sequence[Column], others: OtherHeadings) -> Vocabulary:
    """The vocabulary of these columns."""
    exact = frozenset(plain(name) for column in columns for name in column.names)
    yielding = frozenset(fold(name) for column in columns for name in column.yielding)
    return Vocabulary(folded_names(columns), exact, yielding, others)


def shown(heading: str) -> str:
    """A heading as messages show it. The row may turn out to be data: no identity numbers in it."""
    text = " ".join(heading[:200].split())
    return without_numbers(text) if any(map(str.isdigit, text)) else text


def letters(position: int) -> str:
    """The letters of a column: 0 is A, 26 is AA."""
    before, last = divmod(position, 26)
    return (letters(before - 1) if before else "") + chr(65 + last)
