"""What a preview proposes for headings that nobody understands. It is never applied unless it is sent back."""

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache

from app.imports.files.headings import fold
from app.imports.mapping.columns import NOT_READ, columns_of
from app.imports.mapping.given import public_name
from app.kernel.declare.record_type import RecordType

ALIKE = 0.5  # of the characters of two headings
_REQUIRED_FIRST = 0.1


@cache
def _names(t: RecordType) -> dict[str, tuple[str, ...]]:
    return {c.key: tuple(map(fold, c.names)) for c in columns_of(t) if c.key not in NOT_READ}


def propose(t: RecordType, unknown: Iterable[str], named: Iterable[str]) -> dict[str, str | None]:
    """For each unknown heading the field that its words are nearest to, or None: leave it out.

    A field is proposed once, and none that another heading of the sheet names.
    """
    found: dict[str, str | None] = dict.fromkeys(unknown)
    free = _names(t).keys() - set(named)
    required = {c.key for c in columns_of(t) if c.required}
    pairs = [
        (_likeness(fold(heading), _names(t)[key]) + _REQUIRED_FIRST * (key in required), heading, key)
        for heading in found
        for key in sorted(free)
    ]
    for likeness, heading, key in sorted(pairs, key=lambda pair: -pair[0]):
        if likeness >= ALIKE and found[heading] is None and key in free:
            found[heading] = public_name(t, key)
            free.remove(key)
    return found


def _likeness(heading: str, names: Iterable[str]) -> float:
    """How near a heading comes to one of these names: 1 if it is one, more than 0.6 if one is a part of the other."""
    best = 0.0
    for name in names:
        likeness = SequenceMatcher(None, heading, name, autojunk=False).ratio()
        if min(len(heading), len(name)) > 1 and (name in heading or heading in name):
            likeness = max(likeness, 0.6 + 0.4 * likeness)
        best = max(best, likeness)
    return best


def with_type(t: RecordType, columns: Mapping[str, str | None]) -> dict[str, str | None]:
    """A proposal for a sheet whose name does not say its type."""
    return {"@type": t.path, **columns}
