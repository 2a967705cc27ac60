"""How many requests a minute are accepted, counted in memory by each process: n workers accept up to n times as many.

An allowance is one number: the moment at which all requests accepted so far would have been accepted at the steady
rate. A whole minute's requests may come at once; from then on the steady rate holds. Memory is bounded.
"""

import time
from dataclasses import dataclass
from math import ceil

from app.errors import Refusal

SPAN_SECONDS = 60.0


@dataclass(slots=True)
class Allowance:
    """What one principal, name or address has used up. `due` is in seconds of the monotonic clock."""

    due: float = 0.0

    def spend(self, now: float, step: float) -> None:
        """Accept one request. `step` is 60 seconds over the requests a minute. Refuses with `too_many_requests`."""
        due = (self.due if self.due > now else now) + step
        if due > now + SPAN_SECONDS:
            seconds = ceil(due - now - SPAN_SECONDS)
            raise Refusal("too_many_requests", headers={"Retry-After": str(seconds)}, seconds=seconds)
        self.due = due


class RateLimit:
    """One limit, with an allowance for each name.

    At `most` names those that are idle are dropped, and if too few are idle, the oldest.
    """

    def __init__(self, per_minute: int, most: int = 10_000) -> None:
        self.step = SPAN_SECONDS / per_minute
        self._most = most
        self._allowances: dict[str, Allowance] = {}

    def allowance(self, name: str) -> Allowance:
        """The allowance of this name."""
        found = self._allowances.get(name)
        if found is None:
            if len(self._allowances) >= self._most:
                self._make_room()
            found = self._allowances[name] = Allowance()
        return found

    def accept(self, name: str) -> None:
        """Accept one request of this name. Refuses with `too_many_requests`."""
        self.allowance(name).spend(time.monotonic(), self.step)

    def _make_room(self) -> None:
        now = time.monotonic()
        busy = {name: allowance for name, allowance in self._allowances.items() if allowance.due > now}
        for name in list(busy)[: max(0, len(busy) - self._most // 2)]:
            del busy[name]
        self._allowances = busy
