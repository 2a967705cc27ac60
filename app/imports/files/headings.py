"""What a heading says: which column of a type it names, and in which unit its cells are.

A heading is compared in folded form, so that a label and its usual variants are equal.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from app.imports.files.cells import is_blank, nfkc
from app.imports.files.located import NO_MAPPING, Column, Header, HeadingMap, NamedColumn, OtherHeadings, Vocabulary
from app.imports.files.raw import Raw, Row
from app.kernel.declare.values import without_numbers

SERIALS = {"序号", "序", "行号", "no", "no."}
MONEY = {"元", "千元", "万元", "百万元", "亿元"}
_UNITS = MONEY | {"户", "人", "人次", "户次", "个", "条", "件", "项", "次", "名", "天", "起", "份", "处", "亩"}
_BRACKETED = re.compile(r"[(\[{【〔《][^()\[\]{}【】〔〕《》]*(?:[)\]}】〕》]|$)")
_TRAILING_UNIT = re.compile(r"[:/,、]([千万亿]?元|百万元)$")
_LONG = re.compile(r"\d{15}")  # spares most headings the call
_SUM = re.compile(r"(?:本页|累计)?(?:合计|总计|小计|总额|总数|计)")
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


def vocabulary_of(columns: Sequence[Column], others: OtherHeadings, mapping: HeadingMap = NO_MAPPING) -> Vocabulary:
    """The vocabulary of these columns, with what a mapping says of headings."""
    exact = frozenset(plain(name) for column in columns for name in column.names)
    yielding = frozenset(fold(name) for column in columns for name in column.yielding)
    return Vocabulary(folded_names(columns), exact, yielding, others, mapping.headings, mapping.letters)


def shown(heading: str) -> str:
    """A heading as messages show it. The row may turn out to be data: no identity numbers in it."""
    text = " ".join(heading[:200].split())
    return without_numbers(text) if _LONG.search(text) else text


def letters(position: int) -> str:
    """The letters of a column: 0 is A, 26 is AA."""
    before, last = divmod(position, 26)
    return (letters(before - 1) if before else "") + chr(65 + last)


def possible_headings(rows: Sequence[Row]) -> list[list[str]]:
    """For each column the headings to try. Of two rows: first upper and lower cell together, then the lower alone.

    A csv has no merged cells: a group heading in the upper row also holds for the blank upper cells to its right.
    """
    upper, lower = ([("" if is_blank(cell) else str(cell)) for cell in cells] for _, cells in [*rows, (0, [])][:2])
    possible: list[list[str]] = []
    group = ""
    for above, below in zip_longest(upper, lower, fillvalue=""):
        group = above or group
        names = [below or above] if not below or not group or below == above else [group + below, below]
        possible.append([shown(name) for name in names if name])
    return possible


def read_header(rows: Sequence[Row], start: int, stop: int, vocabulary: Vocabulary) -> Header:
    """The columns that one or two rows name."""
    header, candidates = Header(start, stop), dict[str, list[NamedColumn]]()
    unknown, not_kept = dict[str, None](), dict[str, None]()
    of_another: frozenset[str] = frozenset()  # headings of the particulars of somebody who is not kept
    possible = possible_headings(rows[start:stop])
    header.seen = [headings[0] if headings else f"列{letters(at)}" for at, headings in enumerate(possible)]
    possible += [[]] * (max(vocabulary.lettered, default=-1) + 1 - len(possible))
    for position, headings in enumerate(possible):
        if mapped := _mapped(position, headings, vocabulary):
            header.width, (name, key) = position + 1, mapped
            header.mapped[name] = key
            if key:
                unit, by_letter = unit_of(headings[0]) if headings else None, position in vocabulary.lettered
                column = NamedColumn(position, name, True, unit, False, False, True, by_letter)
                candidates.setdefault(key, []).append(column)
            continue
        if not headings:
            header.unnamed.append(position)
            continue
        header.width, last = position + 1, fold(headings[-1])
        apart = next((a for a in vocabulary.others.apart if fold(headings[0]).startswith(a)), None)
        of_another = vocabulary.others.apart[apart] if apart else of_another if last in of_another else frozenset()
        recognised = None if of_another else _recognised(position, headings, vocabulary)
        if recognised:
            candidates.setdefault(recognised[0], []).append(recognised[1])
        elif of_another or not vocabulary.others.known.isdisjoint(map(fold, headings)):
            not_kept[headings[0]] = None
        elif last in SERIALS:
            header.serials.append(position)
        else:
            unknown[headings[0]] = None
    for key, columns in candidates.items():
        _choose_column(header, key, columns, not_kept)
    header.unknown, header.not_kept = list(unknown), list(not_kept)
    header.unnamed = [position for position in header.unnamed if position < header.width]
    return header


def _mapped(position: int, headings: list[str], vocabulary: Vocabulary) -> tuple[str, str | None] | None:
    """What a mapping names for a column, with the heading, or 列I, by which it does."""
    if position in vocabulary.lettered:
        return f"列{letters(position)}", vocabulary.lettered[position]
    return next(((h, vocabulary.mapped[plain(h)]) for h in headings if plain(h) in vocabulary.mapped), None)


def _recognised(position: int, headings: list[str], vocabulary: Vocabulary) -> tuple[str, NamedColumn] | None:
    """Key and column of a heading. One that ends in a word for a sum is that of what it sums."""
    for heading in headings:
        for name, total in ((fold(heading), False), (_SUM.sub("", fold(heading)), True)):
            if key := vocabulary.keys.get(name):
                unit = unit_of(headings[0])  # the group heading may hold the unit
                exact = plain(heading) in vocabulary.exact
                return key, NamedColumn(position, heading, exact, unit, total, name in vocabulary.yielding)
    return None


def _choose_column(header: Header, key: str, columns: list[NamedColumn], not_kept: dict[str, None]) -> None:
    """Of several columns for one key: the one that a mapping names; else the one that does not yield, the sum, the one
    written exactly, the first."""
    strong = [column for column in columns if not column.yields] or columns
    totals = [column for column in strong if column.total]
    mapped = next((column for column in columns if column.mapped), None)
    if len(totals) == 1 and not mapped:  # the others are parts of it
        strong = totals
    chosen = mapped or next((column for column in strong if column.exact), strong[0])
    not_kept |= {column.heading: None for column in columns if column not in strong}
    header.named[key] = chosen
    if others := [column for column in strong if column is not chosen]:
        header.doubles[key] = others
