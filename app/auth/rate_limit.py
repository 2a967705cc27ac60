"""How many requests are taken, in memory and for each process: a service of n workers takes up to n times as many.

A counter is one number, the moment at which everything taken so far would have been taken at the steady pace. A whole
minute's worth may come at once; then the steady pace goes on. Memory is bounded.
"""

import time
from dataclasses import dataclass
from math import ceil

from app.errors import Refusal

SPAN_SECONDS = 60.0


@dataclass(slots=True)
class Pace:
    """The counter of one principal, name or address."""

    due: float = 0.0


def take(pace: Pace, now: float, step: float) -> None:
    """Takes one request; `step` is 60 seconds over the number a minute. Refuses with `too_many_requests`."""
    due = (pace.due if pace.due > now else now) + step
    if due > now + SPAN_SECONDS:
        seconds = ceil(due - now - SPAN_SECONDS)
        raise Refusal("too_many_requests", headers={"Retry-After": str(seconds)}, seconds=seconds)
    pace.due = due


class Paces:
    """Counters by name; the names of a flood drop out as soon as they are idle, the oldest first when none is."""

    def __init__(self, per_minute: int, most: int = 10_000) -> None:
        self.step = SPAN_SECONDS / per_minute
        self._most = most
        self._paces: dict[str, Pace] = {}

    def of(self, name: str) -> Pace:
        """The counter of that name."""
        found = self._paces.get(name)
        if found is None:
            if len(self._paces) >= self._most:
                self._make_room()
            found = self._paces[name] = Pace()
        return found

    def take(self, name: str) -> None:
        """Takes one request of that name. Refuses with `too_many_requests`."""
        take(self.of(name), time.monotonic(), self.step)

    def _make_room(self) -> None:
        now = time.monotonic()
        busy = {name: pace for name, pace in self._paces.items() if pace.due > now}
        for name in list(busy)[: max(0, len(busy) - self._most // 2)]:
            del busy[name]
        self._paces = busy
