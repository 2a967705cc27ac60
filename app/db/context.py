"""Who calls, and how the database learns of it: the caller guard, and the names of the database roles.

Row security reads two settings that the function of the caller guard sets: the caller as the service names it, and the
caller's scope now, which the function looks up in `principal`, with the rounds and teams the caller may know of. Every
statement that needs them sets them itself and never for the session, where the next borrower of the connection would
inherit them. That costs one round trip; a transaction of its own costs 2 to 6 times as much. The call is an
uncorrelated sub-select, which Postgres evaluates in a one-time filter above every scan. If that order were ever wrong,
the settings would be empty and no record visible.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import orjson

GUARD = "(select set_caller($1)) is not null"

SYSTEM_ROLE, IMPORTING = "ledger_system", "ledger_importing"
FIGURES_ROLE, AUTH_ROLE = "ledger_figures", "ledger_auth"


@dataclass(frozen=True)
class Caller:
    """A principal as the database sees it: who, which role, and what the principal is bound to.

    code        the one division, or None for a caller bound to a prefix
    prefix      the prefix of division codes of such a caller; '' is every division
    unit, team  the numbers of the unit or team that the caller is bound to
    barred      the refusal of every request but those of the own account (`/v1/me`); '' is none
    session     the session of the token, of a person
    importing   whether an import of this caller runs, which must see the records that are there already
    """

    account: str
    role: str
    code: str | None
    prefix: str = ""
    unit: str | None = None
    team: str | None = None
    importing: bool = False
    barred: str = ""
    session: str | None = field(default=None, compare=False)

    @cached_property
    def database_role(self) -> str:
        """The database role of the caller's role, which has policies, plans and connections of its own."""
        return IMPORTING if self.importing else f"ledger_{self.role}"

    def for_import(self) -> "Caller":
        """The caller while its import runs. A loader reads no record, but its import must see which are there."""
        return replace(self, importing=True) if self.role == "ledger_loader" else self

    def covers(self, jurisdiction: str) -> bool:
        """Whether the caller is bound to this jurisdiction, exactly or by prefix."""
        return jurisdiction == self.code if self.code else jurisdiction.startswith(self.prefix)

    @cached_property
    def _identity(self) -> str:
        return orjson.dumps({"sub": self.account, "role": self.role}).decode()[:-1]

    def context(self, request: str, action: str = "", **more: Any) -> str:
        """The argument of the caller guard for one statement: the caller, the request, and what a revision will say."""
        if not more:
            return f'{self._identity},"request":"{request}","action":"{action}"}}'
        tail = orjson.dumps({"request": request, "action": action, **more}).decode()
        return f"{self._identity},{tail[1:]}"
