"""What an import tells of each sheet: its counts, what of it was not read, and what its headings were taken for."""

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from app.imports.mapping.located_sheets import SheetTable

MOST_LEFT_OUT = 100  # rows of a sheet of which the import tells that they are no entries


@dataclass
class SheetReport:
    """The counts of one sheet, and what of it was not read (contract section 3)."""

    sheet: str | None
    type: str | None
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warned: int = 0
    unknown_columns: list[str] = field(default_factory=list)
    not_kept_columns: list[str] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)  # row -> code of the sentence that says why
    skipped_because: str | None = None
    mapping_used: dict[str, str | None] = field(default_factory=dict)  # heading -> field
    remembered: list[str] = field(default_factory=list)  # headings whose field was said at an earlier import
    type_remembered: bool = False
    proposed_mapping: dict[str, str | None] = field(default_factory=dict)
    unheaded: dict[str, None] = field(default_factory=dict)  # columns with values and no heading

    def count(self, result: str, by: int = 1) -> None:
        """Add to the count of a result."""
        setattr(self, result, getattr(self, result) + by)

    def document(self) -> dict[str, Any]:
        """The report as it is stored in import_job."""
        document = {**self.__dict__, "left_out": [*islice(self.left_out.items(), MOST_LEFT_OUT)]}
        document["proposed_mapping"] = {**self.proposed_mapping, **document.pop("unheaded")}
        if self.skipped_because is None:
            document.pop("skipped_because")
        return document


def report_of(table: SheetTable) -> SheetReport:
    """The report of a table of which no row is read yet. What is noted while rows are read shows in it."""
    return SheetReport(
        table.sheet,
        table.type.path if table.type else None,
        unknown_columns=table.unknown,
        not_kept_columns=table.not_kept,
        left_out=table.left_out,
        skipped_because=table.skipped_because,
        mapping_used=table.mapping_used,
        remembered=table.remembered,
        type_remembered=table.type_remembered,
        proposed_mapping=table.proposal,
        unheaded=table.unheaded,
    )
