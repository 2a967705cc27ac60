"""The mapping that a caller sends: which record type a sheet holds, and which field a column is.

`{"<sheet>": {"<heading>": "<field>" | null, "@type": "<type>"}}`. A heading is written as on the sheet, or as 列I for
the column of that letter; null leaves the column out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import Refusal
from app.imports.files.headings import fold, folded_names, letters, plain, shown
from app.imports.files.limits import UnreadableFile
from app.imports.files.located import HeadingMap, LocatedTable
from app.imports.mapping.columns import NOT_READ, columns_of, ledger_fields
from app.imports.mapping.sheet_names import type_of_sheet
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.strict_json import load

TYPE = "@type"
ONLY_TABLE = "csv"  # the name of the table of a file without sheets, in a mapping
_LETTERS = re.compile(r"列([A-Z]{1,3})")
_MOST_HEADINGS = 500


class BadMapping(UnreadableFile):
    """A mapping that is not that of the file. `allowed` is what it may name."""

    def __init__(self, code: str, allowed: Iterable[str] = (), **params: str) -> None:
        self.allowed = [*dict.fromkeys(allowed)]
        super().__init__(code, **params, allowed="、".join(self.allowed[:60]) or "—")


@dataclass(frozen=True, slots=True)
class SheetMapping:
    """What a mapping says of one sheet: its type, and the text that each heading is given."""

    type: RecordType | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)


FileMapping = Mapping[str, SheetMapping]


def read_mapping(text: str, registry: Registry) -> dict[str, SheetMapping]:
    """The mapping that a text holds, as far as it can be judged without the file. Raises BadMapping."""
    try:
        given = load(text.encode())
    except (Refusal, UnicodeEncodeError):
        raise BadMapping("mapping_not_json") from None
    if not isinstance(given, dict) or not all(isinstance(of_sheet, dict) for of_sheet in given.values()):
        raise BadMapping("mapping_not_json")
    if sum(map(len, given.values())) > _MOST_HEADINGS:
        raise BadMapping("mapping_too_long")
    return {name: _of_sheet(name, of_sheet, registry) for name, of_sheet in given.items()}


def _of_sheet(name: str, given: dict[str, Any], registry: Registry) -> SheetMapping:
    columns = dict(given)
    said, t = columns.pop(TYPE, None), type_of_sheet(name, registry)
    if not all(isinstance(text, str) or text is None for text in (*columns.values(), said)):
        raise BadMapping("mapping_not_json")
    if said is not None and (t := registry.by_path.get(said) or type_of_sheet(said, registry)) is None:
        raise BadMapping("mapping_type_unknown", registry.by_path, sheet=shown(name))
    if t:
        fields_of(t, name, columns)
    return SheetMapping(t if said is not None else None, columns)


def fields_of(t: RecordType, sheet: str, columns: Mapping[str, str | None]) -> HeadingMap:
    """The keys of the columns that a mapping names. Raises BadMapping for an unknown field, or one named twice."""
    allowed, taken = fields_by_name(t), dict[str, str]()
    headings, by_letter = dict[str, str | None](), dict[int, str | None]()
    for heading, text in columns.items():
        key = None if text is None else allowed.get(text) or allowed.get(fold(text))
        if text is not None and key is None:
            names = [public_name(t, column.key) for column in columns_of(t) if column.key not in NOT_READ]
            raise BadMapping("mapping_field_unknown", names, sheet=shown(sheet), heading=shown(heading))
        if key and (other := taken.setdefault(key, heading)) != heading:
            named = {"heading": shown(heading), "other": shown(other), "field": public_name(t, key)}
            raise BadMapping("mapping_field_twice", sheet=shown(sheet), **named)
        if match := _LETTERS.fullmatch(plain(heading)):
            by_letter[_place(match[1])] = key
        else:
            headings[plain(heading)] = key
    return HeadingMap(headings, by_letter)


def fields_by_name(t: RecordType) -> dict[str, str]:
    """Every name by which a mapping may call a column: that of a body or of the ledger -> its key."""
    columns = [column for column in columns_of(t) if column.key not in NOT_READ]
    names = {**folded_names(columns), **{column.key: column.key for column in columns}}
    for key, f in ledger_fields(t).items():
        if isinstance(f, Reference):
            names |= {f.id_column: key, f.number_column: key}
    return names


def public_name(t: RecordType, key: str) -> str:
    """The name of a column in bodies and answers: a reference has that of its identifier."""
    f = ledger_fields(t).get(key)
    return f.id_column if isinstance(f, Reference) else key


def _place(named: str) -> int:
    place = 0
    for letter in named:
        place = 26 * place + ord(letter) - 64
    return place - 1


def require_headings(sheet: str, columns: Mapping[str, str | None], located: LocatedTable) -> None:
    """Raise BadMapping if a mapping names a heading that is not on the sheet."""
    at = {f"列{letters(place)}" for place in range(len(located.seen))}
    named = [heading for heading in located.mapped if not _LETTERS.fullmatch(heading)]
    on_sheet = {*map(plain, (*named, *located.seen)), *at}
    for heading in columns:
        if plain(heading) not in on_sheet:
            raise BadMapping("mapping_heading_unknown", located.seen, sheet=shown(sheet), heading=shown(heading))
