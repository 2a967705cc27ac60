"""The routes of policies: everybody reads what holds, administrators lay it down."""

from typing import Any

import orjson
import uuid_utils
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.db.context import GUARD, Caller
from app.errors import FieldError, Refusal, invalid
from app.http.dependencies import bearer
from app.http.exchange import JSON, REPEATABLE, json_body, only, request_context
from app.http.idempotency import once
from app.http.operations import problems
from app.kernel.declare.values import DayText, JurisdictionCode, clean_text
from app.kernel.schema.validation import validated
from app.kernel.store import RequestContext
from app.policies.declared import POLICIES, Policy

router = APIRouter(tags=["90 账号与系统"], dependencies=[Depends(bearer)])
MOST = 100
Line: Any = clean_text(200)
Citation: Any = clean_text(500)


class PolicyEntry(BaseModel):
    """规定的一条。"""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(description="规定的名称：" + "，".join(f"{p.name} {p.label}" for p in POLICIES.values()))
    since: DayText = Field(description="自何日起施行", examples=["2017-01-01"])
    value: list[Line] = Field(description="规定的内容", max_length=MOST, examples=[["好", "较好", "一般", "差"]])
    citation: Citation | None = Field(None, description="依据", examples=["示巡发〔2017〕3号"])


class PolicyCreate(PolicyEntry):
    """立一条规定。"""

    jurisdiction: JurisdictionCode | None = Field(None, description="行政区划代码；账号只属一个区划时不填")


class PolicyRead(PolicyEntry):
    """规定的一条，以及今天是否施行。"""

    id: str = Field(description="标识")
    label: str = Field(description="规定的中文名")
    jurisdiction: str | None = Field(description="行政区划代码；null 为各区划没有自定时通用的一条")
    in_force: bool = Field(description="今天施行的是否这一条")
    entered_at: str = Field(description="登记时刻")


class PolicyList(BaseModel):
    """规定的清单。"""

    items: list[PolicyRead]


READ = """select p.id::text, nullif(p.jurisdiction, '') as jurisdiction, p.name, p.since::text, p.value, p.citation,
  p.entered_at, p.id in (select i.id from (select distinct on (x.name, x.jurisdiction) x.id
    from policy x where x.since <= (now() at time zone 'Asia/Shanghai')::date
    order by x.name, x.jurisdiction, x.since desc, x.entered_at desc) i) as latest
from policy p where {GUARD} order by p.name, p.jurisdiction, p.since desc, p.entered_at desc"""


@router.get("/v1/policies", summary="本区划的各项规定", response_model=PolicyList, responses=problems(400, 403))
async def list_policies(request: Request) -> Response:
    """联审单位、评估等次等由各区划自定的规定，历次的都在内；`in_force` 的今天施行。区划没有自定的，用通用的一条。"""
    ctx = await request_context(request)
    only(request)
    return _answer({"items": await _entries(ctx)})


@router.post(
    "/v1/policies", summary="立一条规定", status_code=201, response_model=PolicyRead, dependencies=[REPEATABLE],
    responses=problems(400, 403, 409, 413, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {"$ref": "#/components/schemas/PolicyCreate"},
                    "examples": {
                        "评估等次": {
                            "summary": "评估等次",
                            "value": {"name": "assessment_grades", "since": "2017-01-01", "value": ["好", "差"]},
                        }
                    },
                }
            },
        }
    },
)  # fmt: skip
async def lay_down(request: Request) -> Response:
    """系统管理员按本区划的文件登记；自所写之日起施行，此前登记的仍在清单中。"""
    ctx = await request_context(request)
    if ctx.caller.role != "administrator":
        raise Refusal("forbidden")
    only(request)
    values = validated(PolicyCreate, sent := await json_body(request, JSON))
    code = _code(ctx.caller, values.pop("jurisdiction", None))
    _check(values)
    async with once(request, ctx, ctx.caller.database_role, sent) as attempt:
        found = attempt.found.name if attempt.found else await _added(attempt.ctx, code, values)
        attempt.wrote(201, "policies", found)
    entry = next(e for e in await _entries(ctx) if e["id"] == found)
    return _answer(entry, 201, **attempt.headers)


def _code(caller: Caller, given: str | None) -> str:
    code = given or caller.code
    if code is None:
        raise Refusal("jurisdiction_required", field_errors=[FieldError("/jurisdiction", "jurisdiction_required")])
    if not caller.covers(code):
        raise invalid(FieldError("/jurisdiction", "jurisdiction_outside"))
    return code


def _check(values: dict[str, Any]) -> None:
    """Refuse a policy that there is not, an empty one that must say something, and a text that it may not hold."""
    policy: Policy | None = POLICIES.get(values["name"])
    if policy is None:
        raise invalid(FieldError("/name", "not_a_choice", {}, list(POLICIES)))
    value, errors = values["value"], []
    if not value and not policy.may_be_empty:
        errors.append(FieldError("/value", "required", {"label": policy.label}))
    for i, text in enumerate(value):
        if policy.choices and text not in policy.choices:
            errors.append(FieldError(f"/value/{i}", "not_a_choice", {}, list(policy.choices)))
        elif text in value[:i]:
            errors.append(FieldError(f"/value/{i}", "listed_twice", {"label": policy.label}))
    if errors:
        raise invalid(*errors)


async def _added(ctx: RequestContext, code: str, values: dict[str, Any]) -> str:
    made = str(uuid_utils.uuid7())
    async with ctx.connection() as connection:
        await connection.execute(
            "insert into policy (id, jurisdiction, name, since, value, citation, entered_by)"
            f" select $2::uuid, $3, $4, $5::text::date, $6, $7, caller_context() ->> 'sub' where {GUARD}",
            ctx.context(), made, code, values["name"], values["since"], values["value"], values.get("citation"),
        )  # fmt: skip
    return made


async def _entries(ctx: RequestContext) -> list[dict[str, Any]]:
    async with ctx.connection() as connection:
        rows = await connection.fetch(READ.replace("{GUARD}", GUARD), ctx.context())
    own = {row["name"] for row in rows if row["latest"] and row["jurisdiction"] is not None}
    return [
        {
            **{c: row[c] for c in ("id", "jurisdiction", "name", "since", "value", "citation", "entered_at")},
            "label": POLICIES[row["name"]].label,
            "in_force": row["latest"] and (row["jurisdiction"] is not None or row["name"] not in own),
        }
        for row in rows
        if row["name"] in POLICIES
    ]


def _answer(document: Any, status: int = 200, **headers: str) -> Response:
    headers = {"Cache-Control": "private, no-store", **headers}
    return Response(orjson.dumps(document), status, headers, "application/json")
