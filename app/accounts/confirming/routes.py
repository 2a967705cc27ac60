"""`POST /v1/account-changes/{id}/actions/confirm` and `…/decline`: the second pair of eyes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from app.accounts import bodies as b
from app.accounts import second_person
from app.accounts.callers import reach
from app.clock import SHANGHAI
from app.db.context import AUTH_ROLE
from app.db.outcome import Transaction
from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, json_body, only, request_context, service_of
from app.http.idempotency import once
from app.http.operations import body_of, problems
from app.kernel.declare.values import is_identifier
from app.logging import log
from app.roles import ROLES

router = APIRouter(tags=["90 账号与系统"], dependencies=[Depends(bearer), REPEATABLE])


class Decision(BaseModel):
    """对一次账号改动的决定。"""

    id: str = Field(description="账号改动的标识")
    principal: str = Field(description="账号、客户端或接口密钥")
    state: str = Field(description="confirmed 已确认，declined 已拒绝", examples=["confirmed"])
    maker: str = Field(description="何人所改")
    decided_by: str = Field(description="何人决定")
    decided_at: str = Field(description="决定的时刻")


ID = Annotated[str, Path(description="账号改动的标识，见 GET /v1/account-changes?state=pending")]


async def _decided(request: Request, response: Response, id: str, state: str) -> Decision:
    """Decide on a change within the caller's reach. A person decides, never a system: its key may be in other hands."""
    ctx = await request_context(request)
    if not ROLES[ctx.caller.role].confirms or ctx.caller.session is None:
        raise Refusal("forbidden")
    only(request)
    pools, own = ctx.runtime.pools, reach(ctx)
    found = await second_person.find(pools, id) if is_identifier(id) else None
    if found is None or not all(low.startswith(own) for low in (found["low"], found["former_low"]) if low is not None):
        raise Refusal("not_found", label="账号改动")
    b.given(b.Nothing, sent := await json_body(request, JSON))
    async with once(request, ctx, AUTH_ROLE, sent) as attempt:
        if not attempt.found:
            async with attempt.ctx.runtime.pools[AUTH_ROLE].acquire() as connection, Transaction(connection):
                await second_person.decide(connection, found, state, ctx.caller.account)
        attempt.wrote(200, "account-changes", id)
    if not attempt.found:
        service_of(request).authenticator.invalidate(found["principal"])
        log.info("principal", request=ctx.request, by=ctx.caller.account, id=found["principal"], changed=[state])
    response.headers.update({"Cache-Control": "private, no-store", **attempt.headers})
    now = await second_person.find(pools, id)
    assert now
    at = now["decided_at"].astimezone(SHANGHAI).isoformat()
    return Decision(
        id=str(now["id"]), **{n: now[n] for n in ("principal", "state", "maker", "decided_by")}, decided_at=at
    )


REFUSALS = problems(400, 403, 404, 409, 413, 415, 422)


@router.post(
    "/v1/account-changes/{id}/actions/confirm", summary="确认账号改动", operation_id="confirm_account_change",
    responses=REFUSALS, openapi_extra=body_of(b.Nothing, JSON, 确认={}),
)  # fmt: skip
async def confirm(request: Request, response: Response, id: ID) -> Decision:
    """确认后角色即刻有效。须由改动人以外的系统管理员或安全管理员确认；密码是谁设的，谁也不能确认。"""
    return await _decided(request, response, id, "confirmed")


@router.post(
    "/v1/account-changes/{id}/actions/decline", summary="拒绝账号改动", operation_id="decline_account_change",
    responses=REFUSALS, openapi_extra=body_of(b.Nothing, JSON, 拒绝={}),
)  # fmt: skip
async def decline(request: Request, response: Response, id: ID) -> Decision:
    """拒绝后账号仍没有角色，待另行改动并确认。"""
    return await _decided(request, response, id, "declined")
