"""SQL of `available_actions`: what a role may do with a row in its state."""

from collections.abc import Iterable

from app.kernel.declare.access import Right
from app.kernel.declare.record_type import RecordType
from app.kernel.schema import rights


def actions_sql(right: Right, role: str, t: RecordType, row: str, now: bool = True) -> str:
    """SQL of `available_actions`; of an old version (not `now`), the actions that were available then."""
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for state in t.lifecycle.states:
        legal = [a for a in t.lifecycle.actions_from(state) if right.may(a, state)]
        if legal:
            by_actions.setdefault(tuple(legal), []).append(state)
    if not by_actions:
        return "'[]'::json"
    met = rights.limit_met(right, row, rights.document_scope(role))
    cases = " ".join(
        f"when {row}.state in ({', '.join(repr(s) for s in states)}) then {_offered(right, actions, met)}"
        for actions, states in by_actions.items()
    )
    may_write = rights.may_write(right, row, rights.document_scope(role))
    acts = f" when {may_write} is not true then '[]'::json" if may_write and now else ""
    return f"case{acts} {cases} else '[]'::json end"


def _offered(right: Right, actions: Iterable[str], met: str) -> str:
    """SQL of these actions, without those of a limit where it is not met."""
    free = [a for a in actions if not right.limited(a)]
    every = f"'{listed(actions)}'::json"
    return f"case when {met} then {every} else '{listed(free)}'::json end" if len(free) < len([*actions]) else every


def listed(names: Iterable[str]) -> str:
    """Names as a list in JSON."""
    return "[" + ",".join(f'"{n}"' for n in names) + "]"
