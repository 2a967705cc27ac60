"""The reports over HTTP: the work list, its drill-down, the chain of a record."""

from datetime import date
from enum import Enum
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from app.clock import now
from app.errors import FieldError, Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, only, request_context, service_of
from app.http.lagging import lagging_route
from app.http.operations import problems
from app.http.paging import PAGING, PRIVATE, documented, paged, paging
from app.kernel.declare.values import day
from app.kernel.store import RequestContext
from app.reports import drill_down, work_list
from app.reports.answers import Chain, DisciplineStatistics, DrillDown, WorkList, WorkLists
from app.reports.chain import LINKED, chain
from app.reports.discipline import statistics
from app.reports.figures import BY_NAME, FIGURES
from app.roles import ROLES, WORK_LIST_READERS

router = APIRouter(dependencies=[Depends(bearer)])
WORK_LIST: list[str | Enum] = ["80 工作清单"]
DRILL_DOWN_READERS = tuple(role for role in WORK_LIST_READERS if ROLES[role].reads_records)
RoundKey = Annotated[str, Path(description="巡察轮次的标识（id）或编号（number）", examples=["431382-2017-01"])]
FigureName = Annotated[
    str,
    Path(
        description="工作清单上的数：" + "，".join(f"{f.name} {f.label}" for f in FIGURES) + "；点号前的部分可以不写",
        json_schema_extra={"enum": [*BY_NAME]},
        examples=["finding_items"],
    ),
]
LinkedType = Annotated[str, Path(description="记录类型", json_schema_extra={"enum": [*LINKED]}, examples=["findings"])]
LinkedKey = Annotated[str, Path(description="记录的标识（id）或编号（number）", examples=["431382-2017-01-F-0001"])]


async def counting(request: Request, *roles: str) -> RequestContext:
    """The context of a request, if figures are counted for the caller's role. Refuses with `forbidden`."""
    ctx = await request_context(request)
    if ctx.caller.role not in roles:
        raise Refusal("forbidden")
    return ctx


@router.get(
    "/v1/rounds/{id}/work-list",
    summary="一轮巡察的工作清单",
    tags=WORK_LIST,
    response_model=WorkList,
    responses=problems(400, 403, 404, 409),
)
async def get_work_list(request: Request, answer: Response, id: RoundKey) -> Any:
    """由台账记录数出的工作清单和一句话文字；已作废的记录不计，并案的线索只计一件。"""
    ctx = await counting(request, *WORK_LIST_READERS)
    only(request)
    answer.headers.update(PRIVATE)
    return await work_list.work_list(lagging_route(request, ctx), id)


@router.get(
    "/v1/rounds/{id}/work-list/{figure}",
    summary="工作清单上的一个数，数的是哪些记录",
    tags=WORK_LIST,
    response_model=DrillDown,
    responses=problems(400, 403, 404, 409),
    openapi_extra=documented(**PAGING),
)
async def get_figure(request: Request, id: RoundKey, figure: FigureName) -> Response:
    """所数的记录，只列当前账号能看到的；withheld 是计入而看不到的条数。"""
    ctx = await counting(request, *DRILL_DOWN_READERS)
    limit, cursor = paging(only(request, "limit", "cursor"))
    found = await drill_down.drill_down(ctx, id, figure, limit, cursor, service_of(request).keys.cursor)
    return Response(orjson.dumps(found), 200, paged(request, found["next_cursor"]), JSON)


@router.get(
    "/v1/work-lists",
    summary="所管各区划的工作清单",
    tags=WORK_LIST,
    response_model=WorkLists,
    responses=problems(400, 403),
    openapi_extra=documented(
        jurisdiction_prefix=("区划代码的前几位，只列以此开头的区划", {"type": "string", "pattern": "^[0-9]{0,6}$"}),
        year=("年度", {"type": "integer", "minimum": 0, "maximum": 9999}),
        **PAGING,
    ),
)
async def list_work_lists(request: Request, answer: Response) -> Any:
    """当前账号所管各区划的每一轮一份工作清单，按轮次编号排列，不列记录。"""
    ctx = await counting(request, *WORK_LIST_READERS)
    given = only(request, "jurisdiction_prefix", "year", "limit", "cursor")
    limit, cursor = paging(given)
    prefix = _digits("jurisdiction_prefix", given.get("jurisdiction_prefix", ""), 0, 6)
    year = int(_digits("year", given["year"], 1, 4)) if "year" in given else None
    key = service_of(request).keys.cursor
    ctx = lagging_route(request, ctx)
    items, following = await work_list.work_lists(ctx, prefix, year, limit, cursor, key)
    answer.headers.update(paged(request, following))
    return {"items": items, "next_cursor": following}


def _digits(name: str, text: str, least: int, most: int) -> str:
    """A parameter of so many digits. Refuses any other with `bad_query`."""
    if not least <= len(text) <= most or (text and not (text.isascii() and text.isdigit())):
        raise Refusal("bad_query", field_errors=[FieldError(name, "wrong_value")])
    return text


@router.get(
    "/v1/chains/{type}/{id}",
    summary="一条记录所在的链条",
    tags=["81 问题链条"],
    response_model=Chain,
    responses=problems(400, 404, 409),
)
async def get_chain(request: Request, type: LinkedType, id: LinkedKey) -> Response:
    """由发现问题到整改意见、问题线索、移交、立案、问责、移送司法和回头看，一次列出；只列当前账号能看到的。"""
    ctx = await request_context(request)
    only(request)
    found = await chain(ctx, type, id, service_of(request).keys.cursor)
    return Response(orjson.dumps(found), 200, PRIVATE, JSON)


@router.get(
    "/v1/statistics/discipline",
    summary="监督执纪情况统计",
    response_model=DisciplineStatistics,
    responses=problems(400, 403),
    tags=["82 统计"],
    openapi_extra=documented(
        **{
            "from": ("从这一日起，不填为截止日当年的1月1日", {"type": "string", "format": "date"}),
            "to": ("至这一日止，不填为今天", {"type": "string", "format": "date"}),
        }
    ),
)
async def get_discipline_statistics(request: Request, answer: Response) -> Any:
    """线索、立案、处分、四种形态、问责和移送司法，按各记录自己的日期计，并列上年同期；已作废的不计。"""
    ctx = await counting(request, *DRILL_DOWN_READERS)
    given = only(request, "from", "to")
    last = _day("to", given) or now().date()
    first = _day("from", given) or last.replace(month=1, day=1)
    if first > last:
        raise Refusal("bad_query", field_errors=[FieldError("from", "period_reversed")])
    answer.headers.update(PRIVATE)
    return await statistics(lagging_route(request, ctx), first, last)


def _day(name: str, given: dict[str, str]) -> date | None:
    """A parameter that is a day; None if it is not given. Refuses anything else with `bad_query`."""
    if name not in given:
        return None
    try:
        return date.fromisoformat(day(given[name]))
    except ValueError:
        raise Refusal("bad_query", field_errors=[FieldError(name, "not_a_day")]) from None
