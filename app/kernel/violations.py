"""What a constraint of the database says, as a refusal: no name of a table or constraint reaches a caller."""

from typing import Any
from uuid import UUID

from app.errors import Fault, Refusal, invalid
from app.kernel.record_type import RecordType, Registry
from app.kernel.values import UUID_TEXT


def is_identifier(key: str) -> bool:
    """Whether a path segment is a record's identifier rather than its number."""
    if len(key) != 36 or UUID_TEXT.fullmatch(key):
        return len(key) == 36
    try:
        UUID(key)
    except ValueError:
        return False
    return True


def refusal(registry: Registry, problem: Any) -> Refusal:
    """The refusal for a violated constraint."""
    t = registry.by_name.get(problem.table_name or "")
    name = problem.constraint_name or ""
    if t is None:
        return Refusal("conflict")
    if name == f"uq_{t.table}_jurisdiction_number":
        return Refusal("number_taken", faults=[Fault("/number", "number_taken")])
    for key, columns in t.unique.items():
        if name == f"uq_{t.table}_{key}":
            faults = [Fault(f"/{c}", "key_taken", {"label": t.label}) for c in columns]
            return Refusal("key_taken", faults=faults, label=t.label)
    if name == "held_reference":
        return invalid(Fault("", "reference_not_found", {"label": ""}))
    return _checked(t, name)


def _checked(t: RecordType, name: str) -> Refusal:
    for rule, (_, member) in t.constraints.items():
        if name == f"ck_{t.table}_{rule}":
            return invalid(Fault(f"/{member}", rule))
    return Refusal("conflict")
