"""The table of permissions: a cell for each type and role, in the shape in which the rule is written.

R read, W write, M metadata, own: of its unit or team, ·: none. What follows R or W says which records. After a
semicolon stand verbs that the letter does not tell.
"""

from app.cli.documents import code, table
from app.kernel.declare.access import ALL_ACTIONS, Right
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY

COLUMNS = {
    "inspection_office": "office",
    "inspection_team": "team",
    "leading_group": "leading group",
    "case_supervision": "case supervision",
    "handling_department": "handling dept",
    "organisation_department": "organisation dept",
    "inspected_unit": "inspected unit",
    "partner_system": "partner",
}
UNSAID = ("list", "get", "export", "import")  # they follow from the letter, or from the role


def cell(t: RecordType, right: Right | None) -> str:
    """What one role may do with the records of one type."""
    if right is None:
        return "·"
    limits = ([f"while {' or '.join(right.while_in)}"] if right.while_in else []) + (
        [right.writes_if.means] if right.writes_if else []
    )
    actions = {x.action for x in t.lifecycle.public} - _by_two(t)
    if right.changes and (right.acts == ALL_ACTIONS or right.acts >= actions):  # whoever acts in every way writes
        written = f"W {_read(right, '')}".strip() if not limits else _limited(right, limits)
        limited = f"; {code(*_in_order(t, right.limit.actions))} {right.limit.condition.means}" if right.limit else ""
        return written + ("" if right.creates else ", creates none") + limited
    verbs = [v for v in right.verbs(x.action for x in t.lifecycle.public) if v not in UNSAID]
    always = [v for v in verbs if v in right.whenever]
    verbs = [v for v in verbs if v not in ("void", "correct", *always)]  # those go with `change`
    while_in = [code(*verbs) + "".join(f" {x}" for x in limits)] if verbs else []
    return "; ".join([_read(right), *while_in, *([code(*always)] if always else [])])


def _by_two(t: RecordType) -> set[str]:
    """Actions of a decision that two persons take: it is proposed, and confirmed or declined."""
    return {name for x in t.lifecycle.public if x.after for name in (x.action, x.after)}


def _in_order(t: RecordType, actions: frozenset[str]) -> list[str]:
    return [x.action for x in t.lifecycle.public if x.action in actions]


def _limited(right: Right, limits: list[str]) -> str:
    """W where the limits hold, and R of the rest of what it sees."""
    return " ".join(["W", *filter(None, [right.sees.means]), *limits]) + ", else R"


def _read(right: Right, letter: str = "R") -> str:
    hides = right.hides
    without = f"without {code(*sorted(hides.members))}" if hides.members else ""
    shown = [hides.shown_if.means] if hides.shown_if else []
    if hides.metadata and not shown:
        letter = "M"
    words = " ".join(filter(None, [letter, right.sees.means, *shown, without]))
    return words + (", else M" if shown else "") + ("" if right.lists else ", no list")


def cells() -> dict[str, dict[str, str]]:
    """Type -> role -> cell, for every type there is."""
    return {t.path: {role: cell(t, t.access.of(role)) for role in COLUMNS} for t in REGISTRY}


def permission_table() -> str:
    """The table, as markdown."""
    rows = ([f"{code(path)}", *row.values()] for path, row in cells().items())
    return table(("type", *COLUMNS.values()), rows)
