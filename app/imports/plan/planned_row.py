"""What a plan holds: a row with the change that it will make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.imports.mapping.columns import RowProblem
from app.imports.plan.known_record import KnownRecord
from app.kernel.declare.fields import Reference
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.encryption import Clear


@dataclass(slots=True)
class RowMerge:
    """What a row is merged by that names the version it was exported from.

    given   columns of the row that are filled, by key
    blank   columns of the row that are empty, less those that were masked when it was exported
    base    the record as that version held it; None where no number says which record
    record  the record as it is now, and `decide` need not look it up
    kept    what the preview shows of fields that only the system has changed since
    """

    version: int
    given: frozenset[str]
    blank: frozenset[str]
    base: Mapping[str, Any] | None = None
    record: KnownRecord | None = None
    kept: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class PlannedRow:
    """One row of the plan. `plan_rows.py` stores it in import_row."""

    sheet: str | None
    line: int  # row number as Excel counts, or number of the line
    type: RecordType
    headings: Mapping[str, str] = field(default_factory=dict)  # empty for a line of NDJSON
    errors: list[RowProblem] = field(default_factory=list)
    unreadable: bool = False  # a line of NDJSON that is no object
    result: str = "created"  # created, updated, unchanged, rejected
    record_id: str | None = None
    version: int | None = None  # the version that an update starts from
    number: str | None = None
    state: str | None = None  # the state that the record will have; None if it stays
    state_on_import: str = ""  # the state that the row's values imply, '' if none
    values: dict[str, Any] = field(default_factory=dict)  # in stored form; of an update those that differ
    warnings: list[RowProblem] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)  # of an update: field, old and new value
    lacking: list[tuple[str, str]] = field(default_factory=list)  # column and label of what only a new record needs
    called: tuple[tuple[str, ...], ...] = ()  # what other rows of the file may call its record (fallen.py)
    follows: int | None = None  # place of the first row that is rejected for the same reason alone
    key: str | None = None  # number or natural key: two rows of one key are one record
    merge: RowMerge | None = None  # of a row that names the version it was exported from

    def column_of(self, f: Reference) -> str:
        """The column that gives a reference: `unit` in a sheet, as in a body `unit_number` in a line of NDJSON."""
        return f.name if self.headings else f.number_column

    def key_of(self, column: str) -> str:
        """The column of the file that gives a column of the record."""
        return next((self.column_of(f) for f in self.type.references if column in f.columns), column)

    def has_error(self, column: str) -> bool:
        """Whether an error of this column is known already."""
        return any(e.column == column for e in self.errors)

    def reject(self, key: str | None, code: str, **params: Any) -> None:
        """Add an error, which rejects the row. `key` is a column, shown by its heading; None means the whole row."""
        allowed = params.pop("allowed", None)
        self.errors.append(RowProblem(self._heading(key), code, params, allowed))

    def lacks(self, key: str, label: str) -> None:
        """Note that a required column is blank: an error of the row if it creates a record."""
        if not self.has_error(self.headings.get(key, key)):
            self.lacking.append((key, label))

    def refuse_lacking(self) -> None:
        """Reject a row that would create a record without what is required: by one sentence for all absent columns."""
        absent = [label for key, label in self.lacking if self.headings and key not in self.headings]
        for key, label in self.lacking:
            if label not in absent:
                self.reject(key, "required", label=label)
        if absent:
            self.reject(None, "missing_columns", missing="、".join(absent), found="—")

    def warn(self, key: str | None, code: str, **params: Any) -> None:
        """Add a warning."""
        self.warnings.append(RowProblem(self._heading(key), code, params))

    def _heading(self, key: str | None) -> str | None:
        return self.headings.get(key, key) if key else None


@dataclass
class CheckedBatch:
    """The rows of a batch whose values are checked. `values` is in stored form; `clear` is to be sealed for a row."""

    planned: list[PlannedRow]
    values: list[dict[str, Any]]
    clear: list[tuple[PlannedRow, Clear]]
