"""Makes a refusal name the members that were sent.

Rules, constraints and references are judged by column. A body sets a column under another name (`sets` of an action),
gives a reference by its number or by its identifier, and leaves out what a change does not concern.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.errors import FieldError, Refusal
from app.kernel.declare.record_type import RecordType


def naming_what_was_sent(
    refusal: Refusal, t: RecordType, body: Mapping[str, Any], sets: Mapping[str, str] | None = None
) -> Refusal:
    """The same refusal, each of its errors at the member that was sent. A member that is missing keeps its own name.

    `sets` are those of the action: member -> column.
    """
    if refusal.field_errors:
        members = {column: member for member, column in (sets or {}).items()}
        named = [_named(error, t, body, members) for error in refusal.field_errors]
        sent = [error for error in named if _first(error) in body]
        # A key of several columns is taken by those that were sent, with those that the record has.
        refusal.field_errors = tuple(sent if sent and refusal.code == "key_taken" else named)
    return refusal


def _first(error: FieldError) -> str:
    return error.pointer.removeprefix("/").partition("/")[0]


def _named(error: FieldError, t: RecordType, body: Mapping[str, Any], members: Mapping[str, str]) -> FieldError:
    column, _, rest = error.pointer.removeprefix("/").partition("/")
    if not column:
        return error
    member, code, params = _sent(column, t, body, members), error.code, dict(error.params)
    if code == "day_before":
        other = params["other"]
        if member not in body and (earlier := _sent(other, t, body, members)) in body:
            member, other, code = earlier, column, "day_after"  # the day that was sent contradicts one of the record
        params["other"] = t.field(other).label
    return replace(error, pointer=f"/{member}/{rest}" if rest else f"/{member}", code=code, params=params)


def _sent(column: str, t: RecordType, body: Mapping[str, Any], members: Mapping[str, str]) -> str:
    """The member of the body that gives this column; the column's own name if none does."""
    spellings = next((f.columns for f in t.references if column in f.columns), (column,))
    names = [members.get(c, c) for c in (column, *spellings)]
    return next((name for name in names if name in body), names[0])
