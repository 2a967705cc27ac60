"""An uploaded file with what is known of it beside its content: its media type, and the mappings that hold for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.imports.files.headings import plain
from app.imports.files.located import NO_MAPPING, HeadingMap
from app.imports.mapping.given import FileMapping, SheetMapping, fields_of
from app.imports.mapping.sheet_names import sheet_key
from app.kernel.declare.record_type import RecordType


@dataclass(frozen=True, slots=True)
class Remembered:
    """What earlier imports of a type have left: names of its sheets, folded, and the field of each heading."""

    sheets: frozenset[str] = frozenset()
    columns: Mapping[str, str | None] = field(default_factory=dict)


@dataclass
class ImportSource:
    """An uploaded file. `encoding` and `types` are filled in by `tables` before it yields the first table."""

    media: str
    type: RecordType | None = None  # the caller asked for this type alone
    mapping: FileMapping = field(default_factory=dict)  # as sent, by sheet; a csv has one entry
    remembered: Mapping[str, Remembered] = field(default_factory=dict)  # by the path of a type
    encoding: str | None = None
    types: frozenset[str] | None = None  # paths of the record types that the file holds

    def sent(self, sheet: str | None) -> SheetMapping:
        """What the sent mapping says of a sheet. That of a csv is the only entry, whatever its name."""
        if sheet is None:
            return next(iter(self.mapping.values()), SheetMapping())
        return self.mapping.get(sheet, SheetMapping())

    def is_remembered(self, sheet: str, t: RecordType) -> bool:
        """Whether a sheet of this name was said to be of the type."""
        return t.path in self.remembered and sheet_key(sheet) in self.remembered[t.path].sheets


@dataclass(frozen=True, slots=True)
class ChosenMapping:
    """The mapping that holds for one sheet: `remembered` are the plain headings that were not sent with the file."""

    map: HeadingMap
    sent: Mapping[str, str | None]
    remembered: frozenset[str]


NOTHING_CHOSEN = ChosenMapping(NO_MAPPING, {}, frozenset())


def chosen_mapping(source: ImportSource, sheet: str | None, t: RecordType) -> ChosenMapping:
    """What was sent for a sheet, and what is remembered of its type where nothing is sent for heading or field."""
    sent = source.sent(sheet).columns
    by_sent = fields_of(t, sheet or "", sent)
    known = (
        fields_of(t, sheet or "", source.remembered[t.path].columns) if t.path in source.remembered else HeadingMap()
    )
    taken = {*by_sent.headings.values(), *by_sent.letters.values()} - {None}
    kept = {h: key for h, key in known.headings.items() if h not in by_sent.headings and key not in taken}
    both = HeadingMap({**kept, **by_sent.headings}, by_sent.letters)
    return ChosenMapping(both, sent, frozenset(map(plain, kept)))
