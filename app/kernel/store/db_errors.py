"""From a violated constraint to a refusal. No name of a table or constraint reaches a caller."""

import re
from typing import Any

from app.db.timeouts import LOCK_SECONDS
from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry

_IN_RELATION = re.compile(r'in relation "(\w+)"')


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


def locked(registry: Registry, problem: Any, asked: RecordType | None) -> Refusal:
    """The refusal of what has waited too long for a lock. It names the type of the record, or of the table, locked.

    Of a record, Postgres says in the context of the error of which table it is; of a table it says nothing.
    """
    named = _IN_RELATION.search(problem.context or "")
    t = registry.by_name.get(named[1], asked) if named else asked
    return Refusal("locked", label=t.label if t else "账号或名录", seconds=LOCK_SECONDS)


def _checked(t: RecordType, name: str) -> Refusal:
    for rule, (_, member) in t.constraints.items():
        if name == f"ck_{t.table}_{rule}":
            return invalid(FieldError(f"/{member}", rule))
    return Refusal("conflict")
