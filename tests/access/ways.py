"""Every way to ask for one record, and what nobody has."""

from typing import Any

from app.records import REGISTRY
from app.reports.chain import LINKED
from tests.access.matrix import SEES

ABSENT, NO_NUMBER = "01a20741-9e32-72f5-83b8-6eef4e2aa171", "431322-2999-99-Q-999"
PATCH = {"Content-Type": "application/merge-patch+json", "If-Match": '"1"'}


def seen(role: str, path: str) -> set[str]:
    """The labels a role sees of a type."""
    return SEES[role].get(path, set())


def requests(path: str, key: str, turn: int | None = None) -> list[tuple[str, str, dict[str, Any]]]:
    """Every way to ask for one record.

    turn   of all actions only every third, from this one on: all are one way, and each is taken by a third of the roles
    """
    one, t = f"/v1/{path}/{key}", REGISTRY.by_path[path]
    either, stale = {"If-None-Match": '"1"'}, {**PATCH, "If-Match": '"77"'}
    unsaid = {"Content-Type": PATCH["Content-Type"]}
    found: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", one, {}),
        ("HEAD", one, {}),
        ("GET", one, {"headers": either}),
        ("GET", one, {"headers": {"If-None-Match": "*"}}),
        ("PATCH", one, {"content": b'{"note": "x"}', "headers": PATCH}),
        ("PATCH", one, {"content": b'{"note": "x"}', "headers": unsaid}),
        ("PATCH", one, {"content": b'{"nonsense": 1}', "headers": stale}),
    ]
    found += [("GET", one + more, {}) for more in ("/actions", "/revisions", "/revisions/1", "/revisions/2/diff")]
    found += [("GET", f"/v1/chains/{path}/{key}", {})] if path in LINKED else []
    actions = (*(x.action for x in t.lifecycle.public), "void", "correct")
    for action in actions if turn is None else actions[turn % 3 :: 3]:
        for body in ({"reason": "x"}, {}):
            found.append(("POST", f"{one}/actions/{action}", {"json": body, "headers": {"If-Match": '"1"'}}))
    return found
