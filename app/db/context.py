"""The caller of a statement, and how it reaches the database: the only place that knows `set_caller`.

`set_caller` leaves settings that row security reads: the caller as the service names it, and what `principal` says of
that caller at this moment, with the rounds and teams it has learnt of. Every statement sets them for itself, by the
caller guard; a setting at session level would be inherited by the next borrower of the connection, and a transaction
around the statement takes 2 to 6 times as long. The guard is an uncorrelated sub-select, so Postgres evaluates it in a
one-time filter above every scan. Were the order ever wrong, the settings would be empty and nothing visible.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson

GUARD = "(select set_caller($1)) is not null"

SYSTEM_ROLE, IMPORTING = "ledger_system", "ledger_importing"
FIGURES, AUTH_ROLE = "ledger_figures", "ledger_auth"


@dataclass(frozen=True)
class Caller:
    """A principal as the database sees it: who, which role, and the division codes it is bound to.

    code    the one jurisdiction, or None for a caller bound to a prefix
    prefix  the division prefix of a prefix-bound caller; '' is every division
    unit, team   the numbers of the unit or team it is bound to
    importing    whether a loader's import is being carried out, which must see what is there already
    """

    account: str
    role: str
    code: str | None
    prefix: str = ""
    unit: str | None = None
    team: str | None = None
    importing: bool = False

    @cached_property
    def database_role(self) -> str:
        """The role's own database role, with policies, plans and connections of its own."""
        return IMPORTING if self.importing else f"ledger_{self.role}"

    def carrying_out(self) -> "Caller":
        """The caller of an import: a loader reads nothing itself, but its import must see what is there."""
        return replace(self, importing=True) if self.role == "ledger_loader" else self

    def covers(self, jurisdiction: str) -> bool:
        """Whether the caller is bound to this jurisdiction, exactly or by prefix."""
        return jurisdiction == self.code if self.code else jurisdiction.startswith(self.prefix)

    @cached_property
    def _identity(self) -> str:
        return orjson.dumps({"sub": self.account}).decode()[:-1]

    def context(self, request: str, action: str = "", **more: Any) -> str:
        """The text of the setting for one statement: the caller, the request, and what a revision will say."""
        if not more:
            return f'{self._identity},"request":"{request}","action":"{action}"}}'
        tail = orjson.dumps({"request": request, "action": action, **more}).decode()
        return f"{self._identity},{tail[1:]}"
