"""`GET /v1/imports/{id}/missing`: the records that stand in no row of a file. Nothing is closed by that; it is a list.

A ledger lists what it was made for. So a record is missed only where the file speaks of its round (a member of a team:
of the team), and the filters of the list of its type narrow it further, where a sheet holds one unit alone.
"""

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.errors import Refusal
from app.http.dependencies import bearer
from app.http.exchange import JSON, NOT_YET, query_parameters, request_context, service_of
from app.http.operations import problems
from app.http.paging import PAGING, documented, paged
from app.imports import jobs
from app.imports.routes import IMPORT_ID
from app.kernel import store
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.sql.listing import Condition, Listing, bad_query, listing

TEXT = {"type": "string"}
FILTERS = {
    "type": ("记录类型，如 findings；文件里只有一种时可不写", TEXT),
    "round_number": ("只看这些轮次的", TEXT),
    "unit_number": ("只看这些单位的：文件只含一个单位时用", TEXT),
    "state": ("只看这些状态的", TEXT),
    "q": ("在编号、文字和备注中查找", TEXT),
    "sort": ("排序；不写的按编号排", TEXT),
}
BY_NUMBER = (("number", False), ("id", False))
# The identifiers are found first: so neither statement goes through the rows of the file once for each record, whatever
# Postgres expects of a table that an import has just filled. `offset 0` has it look each row's record up by its key.
RECORD = (
    """(select x.* from {table} x where x.jurisdiction = r.jurisdiction and x.{of_record} = r.{column} offset 0) x"""
)
# A row that has found no record may give its number; one may say that its record belongs to another round.
BY_NUMBER_ALONE = "and (r.record_id is null or r.result = 'created')"
SPOKEN_OF = """x.{scope} = any (array(
      select x.{scope} from import_row r, lateral {by_id} where {of_rows}
      union select x.{scope} from import_row r, lateral {by_number} where {of_rows} {alone}
      union select (r."values" ->> '{scope}')::uuid from import_row r where {of_rows}))"""
MISSING = """t.id = any (array(
    select x.id from {table} x where {spoken_of}
    except select r.record_id from import_row r where {of_rows}
    except select x.id from import_row r, lateral {by_number} where {of_rows} {alone}))"""


class MissingPage(BaseModel):
    """一页在文件里没有的记录。"""

    items: list[dict[str, Any]] = Field(description="记录，与该类型清单中的相同")
    next_cursor: str | None = Field(description="下一页的游标")


def router() -> APIRouter:
    """The one route."""
    made = APIRouter(tags=["00 导入台账"], dependencies=[Depends(bearer)])
    made.add_api_route(
        "/v1/imports/{import_id}/missing", missing, methods=["GET"], summary="查台账里没有的记录",
        response_model=MissingPage, responses=problems(400, 403, 404, 409, 410),
        openapi_extra=documented(**FILTERS, **PAGING),
    )  # fmt: skip
    return made


async def missing(request: Request, import_id: IMPORT_ID) -> Response:
    """文件所说的轮次里，系统已有而文件没有的记录。台账里没有，不等于办结或作废：这里只列出来，不改任何记录。

    按清单的权限列出；除下列条件外，该类型清单的其他筛选条件也可以用。
    """
    ctx = await request_context(request)
    asked = query_parameters(request)
    job = await jobs.read(ctx, import_id)
    t = _type_asked_for(ctx.runtime.registry, job, asked)
    rest = [(name, value) for name, value in asked if name != "type"]
    wanted = listing(ctx.view, t, rest, NOT_YET)
    if not ctx.right(t).lists:
        raise Refusal("forbidden")
    if job["state"] in (*jobs.OPEN_STATES, "failed"):
        raise Refusal("import_not_checked")
    jobs.require_rows(job)
    sort = wanted.sort if any(name == "sort" for name, _ in rest) else BY_NUMBER
    page = Listing((*wanted.conditions, _missing(t, str(job["id"]))), sort, wanted.limit, wanted.cursor)
    items, cursor = await store.page(ctx, t, page, service_of(request).keys.cursor)
    tail = b'],"next_cursor":' + (orjson.dumps(cursor)) + b"}"
    return Response(b"".join((b'{"items":[', items, tail)), 200, paged(request, cursor), JSON)


def _type_asked_for(registry: Registry, job: Any, asked: list[tuple[str, str]]) -> RecordType:
    """The type that is asked for, of those in the file. Refuses with `bad_query`."""
    in_file = list(dict.fromkeys(s["type"] for s in orjson.loads(job["sheets"]) if s["type"]))
    named = [value for name, value in asked if name == "type"]
    if len(named) > 1:
        raise bad_query("type", "given_twice")
    path = named[0] if named else in_file[0] if len(in_file) == 1 else None
    if path is None or path not in (in_file or registry.by_path):
        raise bad_query("type", "not_a_choice", allowed=in_file or list(registry.by_path))
    return registry.by_path[path]


def _missing(t: RecordType, import_id: str) -> Condition:
    """That a record stands in no row, by itself or by its number; and that the file speaks of where it belongs."""
    of_rows = f"r.import_id = {{}}::uuid and r.type = '{t.path}'"
    by_id, by_number = (
        RECORD.format(table=t.table, of_record=o, column=c) for o, c in (("id", "record_id"), ("number", "number"))
    )
    scope = next((f for f in t.references if t.numbering.within == "round" and f.name == t.numbering.via), None)
    parts = {"of_rows": of_rows, "by_id": by_id, "by_number": by_number, "alone": BY_NUMBER_ALONE}
    spoken_of = SPOKEN_OF.format(scope=scope.id_column, **parts) if scope else "true"
    return Condition(MISSING.format(table=t.table, spoken_of=spoken_of, **parts), import_id)
