"""Which changes of a principal wait for a second person, and the list of changes that the auditor reads.

A change and its entry are one transaction. Where a second person is needed, the change holds at once, but the principal
has no role (`withheld_by`) until the entry is confirmed (docs/decisions/0029-two-pairs-of-eyes.md).
"""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import orjson
import uuid_utils

from app.auth.principals import Principal, read
from app.db.context import AUTH_ROLE
from app.db.outcome import Transaction
from app.db.pool import Pools
from app.errors import Refusal
from app.records import REGISTRY
from app.roles import ROLES

CLUES = REGISTRY.by_path["clues"].access
# The roles whose accounts two persons open: those that read clues in full, and those that decide on accounts.
SENSITIVE = frozenset(
    role.name
    for role in ROLES.values()
    if role.confirms or ((right := CLUES.of(role.name)) is not None and right.reads_in_full)
)
# What an entry shows of a principal, before and after.
MEMBERS = (
    "role", "jurisdiction", "unit_number", "team_number", "home_unit_number", "grants", "types", "label", "expires_at",
    "disabled",
)  # fmt: skip
OPENING = {"role", "jurisdiction", "unit_number", "team_number", "home_unit_number", "grants"}
SECRETS = ("create", "set_password", "rotate")  # actions after which somebody else knows a secret

Confirmation = Literal["required", "waived", "command line"]


@dataclass(frozen=True)
class Maker:
    """Who changes a principal, in which request, and how a second person is asked for."""

    name: str
    confirmation: Confirmation
    request: str | None = None


# Whoever may migrate the database could do all this without us: the command line counts as confirmed.
COMMAND_LINE = Maker("command line", "command line")


async def enter(connection: Any, action: str, old: Principal | None, by: Maker, identifier: str) -> Principal:
    """Enter what was done in this transaction with a principal, and withhold its role if a second person is needed.

    `old` is the principal as it was, locked. Returns it as it is now. A change that changes nothing is not entered.
    """
    new = await read(connection, identifier)
    assert new
    present, former = _shown(new), _shown(old) if old else None
    changed = [m for m in MEMBERS if former is None or present[m] != former[m]]
    if action == "change" and not changed:
        return new
    opens = new.role in SENSITIVE and (action in SECRETS or bool(OPENING & {*changed}))
    state = _state(by, opens)
    withheld = old.withheld_by if old else None
    entry = str(uuid_utils.uuid7())
    await connection.execute(
        _ENTRY, entry, new.id, new.kind, new.jurisdiction, old.jurisdiction if old else None, action,
        changed, orjson.dumps(former).decode() if former else None, orjson.dumps(present).decode(), by.name,
        by.request, state, withheld,
    )  # fmt: skip
    if state == "pending":
        await _withhold(connection, new.id, withheld, entry)
    elif withheld and (state == "unconfirmed" or new.role not in SENSITIVE):
        await _withhold(connection, new.id, withheld, None)
    else:
        return new
    return await read(connection, new.id) or new


def _shown(p: Principal) -> dict[str, Any]:
    return {m: v for m, v in asdict(p).items() if m in MEMBERS}


def _state(by: Maker, opens: bool) -> str:
    if by.confirmation == "command line":
        return "confirmed"
    if not opens:
        return "not_required"
    return "pending" if by.confirmation == "required" else "unconfirmed"


# Whose hands are in the change: its maker, the makers of what was not confirmed before and is part of this, and whoever
# has set the secret that the principal has now; behind a system among them, who opened it or exchanged its secret.
_ENTRY = """with hands as (
    select $10::text as name
    union select unnest(c.makers) from account_change c where c.id = $13
    union select s.set_by from principal_secret s where s.id = $2 and s.set_by is not null)
  insert into account_change (id, principal, kind, low, former_low, action, changed, former, present, maker,
    makers, request_id, state)
  select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
    (select array_agg(name) from (select name from hands union select unnest(c.makers) from account_change c
      where c.principal in (select name from hands) and c.kind <> 'account' and c.action in ('create', 'rotate')) x),
    $11, $12"""


async def _withhold(connection: Any, identifier: str, before: str | None, entry: str | None) -> None:
    await connection.execute("update account_change set state = 'replaced' where id = $1 and state = 'pending'", before)
    await connection.execute("update principal set withheld_by = $2 where id = $1", identifier, entry)


_DECIDED = "update account_change set state = $2, decided_by = $3, decided_at = clock_timestamp() where id = $1"


async def confirm_all(pools: Pools, identifier: str) -> Principal | None:
    """Let the role of a principal hold, as the command line: also what was declined. None if there is no such one."""
    async with pools[AUTH_ROLE].acquire() as connection, Transaction(connection):
        old = await read(connection, identifier, "for update of p")
        if old is None:
            return None
        await connection.execute("update principal set withheld_by = null where id = $1", identifier)
        if old.confirmation == "pending":
            await connection.execute(_DECIDED, old.withheld_by, "confirmed", COMMAND_LINE.name)
        elif old.withheld_by:  # declined before, and that stands
            await enter(connection, "confirm", replace(old, withheld_by=None), COMMAND_LINE, identifier)
        return await read(connection, identifier)


async def find(pools: Pools, entry: str) -> Mapping[str, Any] | None:
    """An entry of the list of changes."""
    pool = pools[AUTH_ROLE]
    row: Mapping[str, Any] | None = await pool.fetchrow(
        "select id, principal, low, former_low, state, maker, decided_by, decided_at from account_change where id = $1",
        str(uuid.UUID(entry)),
    )
    return row


async def decide(connection: Any, entry: Mapping[str, Any], state: str, by: str) -> None:
    """Confirm or decline a change, in a transaction. Declined, the role stays withheld until another is confirmed.

    Refuses with `change_not_pending`, and with `second_person_needed` whoever has a hand in the change.
    """
    # The principal first, as every change locks it: whoever comes second sees what the first did.
    await connection.execute("select from principal where id = $1 for update", entry["principal"])
    now = await connection.fetchrow("select state, makers from account_change where id = $1 for update", entry["id"])
    if now["state"] != "pending":
        raise Refusal("change_not_pending", state=now["state"])
    if by in now["makers"] or by == entry["principal"]:
        raise Refusal("second_person_needed", label="账号的这项改动")
    await connection.execute(_DECIDED, entry["id"], state, by)
    if state == "confirmed":
        await connection.execute(
            "update principal set withheld_by = null where id = $1 and withheld_by = $2",
            entry["principal"],
            entry["id"],
        )
