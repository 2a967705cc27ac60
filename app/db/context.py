"""Who is asking, and how that reaches the database: the only place that knows the setting's name.

Row-level security reads one jsonb setting. It is set inside the statement that needs it (the gate), never at session
level, where the next borrower of the connection would inherit it. Measured: one round trip and 4 % over no security at
all; in a transaction of its own it is 2 to 6 times. `set_config` is an uncorrelated sub-select, so Postgres evaluates
it in a one-time filter above every scan; were the order ever wrong, the setting would be empty and nothing visible.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

GATE = "(select set_config('app.caller', $1, true)) is not null"

WIDE, PREFIX = "ledger_wide", "ledger_prefix"
FIGURES, DOOR = "ledger_figures", "ledger_door"
CLASS_ROLES = (WIDE, PREFIX, FIGURES, DOOR)
LEDGER_ROLES = ("administrator", "inspection_office")  # the roles that work in the ledger; no other may read a record


@dataclass(frozen=True)
class Caller:
    """A principal as the database sees it: who, which role, and the division codes it is bound to.

    code    the one jurisdiction, or None for a caller bound to a prefix
    prefix  the division prefix of a prefix-bound caller; '' is every division
    unit, team   the numbers of the unit or team it is bound to
    """

    account: str
    role: str
    code: str | None
    prefix: str = ""
    unit: str | None = None
    team: str | None = None

    @property
    def database_role(self) -> str:
        """The class of caller, each with a database role, policies and connections of its own."""
        if self.role in LEDGER_ROLES:
            return WIDE if self.code else PREFIX
        return f"ledger_{self.role}"

    def covers(self, jurisdiction: str) -> bool:
        """Whether the caller is bound to this jurisdiction, exactly or by prefix."""
        return jurisdiction == self.code if self.code else jurisdiction.startswith(self.prefix)

    @cached_property
    def _identity(self) -> str:
        low, high = (self.code, f"{self.code}:") if self.code else (self.prefix, f"{self.prefix}:")
        identity = {"sub": self.account, "role": self.role, "code": self.code, "low": low, "high": high}
        return orjson.dumps(identity).decode()[:-1]

    def context(self, request: str, action: str = "", **more: Any) -> str:
        """The text of the setting for one statement: the caller, the request, and what a revision will say."""
        if not more:
            return f'{self._identity},"request":"{request}","action":"{action}"}}'
        tail = orjson.dumps({"request": request, "action": action, **more}).decode()
        return f"{self._identity},{tail[1:]}"
