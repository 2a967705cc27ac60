"""From a violated constraint to a refusal. No name of a table or constraint reaches a caller."""

from typing import Any

from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry


def refusal_of(registry: Registry, problem: Any) -> Refusal:
    """The refusal for a violated constraint."""
    t = registry.by_name.get(problem.table_name or "")
    name = problem.constraint_name or ""
    if t is None:
        return Refusal("conflict")
    if name == f"uq_{t.table}_jurisdiction_number":
        return Refusal("number_taken", field_errors=[FieldError("/number", "number_taken")])
    for key, columns in t.unique.items():
        if name == f"uq_{t.table}_{key}":
            field_errors = [FieldError(f"/{c}", "key_taken", {"label": t.label}) for c in columns]
            return Refusal("key_taken", field_errors=field_errors, label=t.label)
    if name == "held_reference":
        return invalid(FieldError("", "reference_not_found", {"label": ""}))
    return _checked(t, name)


def _checked(t: RecordType, name: str) -> Refusal:
    for rule, (_, member) in t.constraints.items():
        if name == f"ck_{t.table}_{rule}":
            return invalid(FieldError(f"/{member}", rule))
    return Refusal("conflict")
