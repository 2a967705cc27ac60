"""Which refusal of a change comes first. Every change (patch, action, correction, voiding) is refused here.

The order is that of contract.md section 1, for every route alike: visible (404), permitted (403), precondition (428,
412), body (400, 422), state (409). A change that is carried out passes none of this: its one statement holds all the
conditions, and only when that statement writes nothing is the record read to say why.
"""

from typing import Any

import orjson

from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.personal.access_log import READ, log_read
from app.kernel.sql.projection import may
from app.kernel.store.context import RequestContext
from app.kernel.store.history import stale
from app.kernel.store.pending import ChangeRequest, PendingChange
from app.kernel.store.read import identify, reload
from app.kernel.store.reference_checks import refuse_references


async def require_current(ctx: RequestContext, t: RecordType, key: str, asked: ChangeRequest) -> Any:
    """The current row, if the caller sees the record, may take the action, and names its version.

    Refuses with `not_found`, `forbidden`, `if_match_required`, `stale`, or with `asked.problem`, in this order.
    """
    record_id = await identify(ctx, t, key)
    async with ctx.connection(t) as connection:
        return await require_current_on(ctx, connection, t, record_id, asked)


async def require_current_on(
    ctx: RequestContext, connection: Any, t: RecordType, record_id: str, asked: ChangeRequest
) -> Any:
    """Like `require_current`, on an open connection, so that it joins the caller's transaction."""
    row = await reload(ctx, connection, t, record_id)
    if row is None:
        raise Refusal("not_found", label=t.label)
    if not may(ctx.view, t, row, asked.action):
        raise Refusal("forbidden")
    if asked.version is None:
        raise asked.problem or Refusal("if_match_required")
    if row["version"] != asked.version:
        raise await stale(ctx, connection, t, row, asked.version)
    if asked.problem:
        raise asked.problem
    return row


def refuse_masked(t: RecordType, asked: ChangeRequest, document: bytes) -> None:
    """Refuse (422) a patch or correction of members that are hidden from the caller, whatever it gives for them.

    A sealed member is hidden from everybody, and is written all the same.
    """
    masked = {*orjson.loads(document)["masked"]} - {f.name for f in t.sealed}
    if errors := [FieldError(f"/{member}", "masked_value") for member in asked.body if member in masked]:
        raise invalid(*errors)


async def explain(ctx: RequestContext, connection: Any, pending: PendingChange) -> Any:
    """Say why the statement of a change wrote nothing: refuse, or give the row back where there was nothing to change.

    Refuses as `require_current` does, then with `reference_not_found` and its kin (422), `record_voided`,
    `illegal_action` (409, naming the legal ones), `condition_not_met` or what else the transition says, and `busy` if
    nothing explains it: then another writer came between the two statements.
    """
    t, transition, values = pending.t, pending.transition, pending.values
    row = await require_current_on(ctx, connection, t, pending.record_id, pending.asked)
    stored = orjson.loads(row["row"])
    if transition is None:
        refuse_masked(t, pending.asked, row["document"])
    await refuse_references(ctx, connection, t, pending.inputs, values, stored["jurisdiction"], stored)
    if row["state"] == VOIDED:
        raise Refusal("record_voided", label=t.label)
    if transition and row["state"] not in transition.origins:
        raise illegal_action(t, row["state"], transition.label)
    if transition and transition.only_if:
        raise Refusal(transition.otherwise, label=transition.label)
    if transition or any(stored.get(column) != value for column, value in values.items()):
        raise Refusal("busy")
    # Nothing was written, so no revision shows this access: the access log does.
    await log_read(connection, ctx.context(), ctx.caller, t, READ, row["id"])
    return row


def illegal_action(t: RecordType, state: str, label: str) -> Refusal:
    """The refusal of an action that this state does not allow. It names the actions that the state does allow."""
    legal = list(t.lifecycle.actions_from(state))
    return Refusal(
        "illegal_action",
        label=label,
        state=t.lifecycle.labels[state],
        members={"state": state, "allowed_actions": legal},
    )
