"""What the OpenAPI document says of each operation of a record type: types, summaries, answers, examples.

Made when the document is first asked for: the models cost two thirds of a second of processor time, which a start need
not wait for. This file has no postponed annotations, because FastAPI reads the signatures that are built here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Body, Header, Path, Query
from pydantic import create_model

from app.http import operations
from app.http.answers import ActionList, PageOf, Revision, RevisionList
from app.http.exchange import DIFF, PATCH
from app.http.operations import problems
from app.kernel.declare.record_type import RecordType
from app.kernel.schema.models import Schemas
from app.kernel.sql import listing

KEY = Annotated[str, Path(description="记录的标识（id）或编号（number）", max_length=64)]
IF_MATCH = Annotated[str, Header(alias="If-Match", description='依据的版本号，如 "1"', examples=['"1"'])]
LIMIT = Annotated[int, Query(description="每页条数", ge=1, le=listing.MAX_LIMIT)]
PURPOSE = Annotated[
    Literal["handling", "verification", "supervision", "correction"] | None,
    Query(description=operations.PURPOSE),
]
CURSOR = Annotated[str | None, Query(description="下一页的游标，取自上一页的 next_cursor")]
VERSION = Annotated[int, Path(description="版本号", ge=1)]
BASE = Annotated[int | None, Query(alias="from", ge=1, description="与哪一版相比，默认上一版")]

CREATING, LISTING = problems(400, 403, 409, 413, 415, 422), problems(400, 403)
GONE = {"description": "已办，记录不再归当前账号经手"}
READING, WRITING = problems(400, 404, 409), problems(400, 403, 404, 409, 412, 413, 415, 422, 428)
PAGE_PARAMETERS = {"limit": (LIMIT, listing.DEFAULT_LIMIT), "cursor": (CURSOR, None)}


@dataclass(frozen=True)
class Documentation:
    """What the document says of one operation.

    name         operation id
    verb         what a role must be permitted, to be named as one that may use it
    parameters   name -> (annotation) or (annotation, default), the body among them
    answers      status -> answer; the first is the success
    """

    name: str
    verb: str
    summary: str
    description: str
    parameters: dict[str, Any]
    answers: dict[int | str, dict[str, Any]]

    @property
    def repeatable(self) -> bool:
        """Whether it is a write, which takes an Idempotency-Key."""
        return "body" in self.parameters


Document = Callable[[RecordType, Schemas], Documentation]


def _record(t: RecordType, schemas: Schemas) -> dict[str, Any]:
    return {"model": schemas.read, "description": t.label, "headers": operations.ETAG}


def create(t: RecordType, schemas: Schemas) -> Documentation:
    """POST /v1/{type}."""
    model: Any = schemas.create
    body = {"body": (Annotated[model, Body(openapi_examples=operations.create_examples(t))],)}
    headers = operations.ETAG | operations.LOCATION
    created = {"model": schemas.read, "description": f"已登记的{t.label}", "headers": headers}
    text = operations.creating(t)
    return Documentation(f"create_{t.name}", "create", f"登记{t.label}", text, body, {201: created, **CREATING})


def list_records(t: RecordType, schemas: Schemas) -> Documentation:
    """GET /v1/{type}."""
    kind = list[str] | None
    filters = listing.parameter_help(t)
    parameters: dict[str, Any] = {n: (Annotated[kind, Query(description=text)], None) for n, text in filters.items()}
    search = Query(description="在编号、文字和备注中查找，两个字也能查到", max_length=100)
    order = Query(description=f"排序：{'、'.join(t.sorts)}；前加 - 为倒序，逗号分隔")
    parameters |= {
        "q": (Annotated[str | None, search], None),
        "sort": (Annotated[str | None, order], None),
        **PAGE_PARAMETERS,
    }
    record: Any = schemas.read
    page = create_model(f"{schemas.read.__name__}Page", __base__=PageOf[record], __doc__=f"{t.label}清单的一页。")
    answer = {"model": page, "description": f"一页{t.label}", "headers": operations.LINK}
    answers = {200: answer, **LISTING}
    return Documentation(f"list_{t.name}", "list", f"查{t.label}清单", operations.LIST, parameters, answers)


def get(t: RecordType, schemas: Schemas) -> Documentation:
    """GET /v1/{type}/{key}."""
    parameters = {"key": (KEY,), "purpose": (PURPOSE, None)}
    answers = {200: _record(t, schemas), 304: {"description": "没有改动"}, **READING, **problems(403)}
    return Documentation(f"get_{t.name}", "get", f"查一条{t.label}", operations.GET, parameters, answers)


def change(t: RecordType, schemas: Schemas) -> Documentation:
    """PATCH /v1/{type}/{key}."""
    model: Any = schemas.change
    patch = Annotated[model, Body(media_type=PATCH, openapi_examples=operations.change_examples(t))]
    parameters = {"key": (KEY,), "body": (patch,), "if_match": (IF_MATCH,)}
    answers = {200: _record(t, schemas), 204: GONE, **WRITING}
    return Documentation(f"change_{t.name}", "change", f"修改{t.label}", operations.CHANGE, parameters, answers)


def act(action: str) -> Document:
    """POST /v1/{type}/{key}/actions/{action}: a transition of the type, `correct` or `void`."""
    return partial(_act, action)


def _act(action: str, t: RecordType, schemas: Schemas) -> Documentation:
    if action in ("correct", "void"):
        label, text = ("更正", operations.CORRECT) if action == "correct" else ("作废", operations.VOID)
    else:
        transition = t.lifecycle.transition(action)
        label, text = transition.label, operations.acting(t, transition)
    model: Any = schemas.actions[action]
    body = Annotated[model, Body(openapi_examples=operations.action_examples(t, action))]
    parameters = {"key": (KEY,), "body": (body,), "if_match": (IF_MATCH,)}
    answers = {200: _record(t, schemas), 204: GONE, **WRITING}
    return Documentation(f"{action}_{t.name}", action, f"{t.label}：{label}", text, parameters, answers)


def actions(t: RecordType, schemas: Schemas) -> Documentation:
    """GET /v1/{type}/{key}/actions."""
    answers = {200: {"model": ActionList, "description": "全部操作"}, **READING}
    name, summary = f"list_actions_of_{t.name}", f"{t.label}可执行的操作"
    return Documentation(name, "get", summary, operations.ACTIONS, {"key": (KEY,)}, answers)


def revisions(t: RecordType, schemas: Schemas) -> Documentation:
    """GET /v1/{type}/{key}/revisions."""
    parameters = {"key": (KEY,), **PAGE_PARAMETERS}
    answers = {200: {"model": RevisionList, "description": "一页修订"}, **READING}
    name, summary = f"list_revisions_of_{t.name}", f"{t.label}的历次修订"
    return Documentation(name, "get", summary, operations.REVISIONS, parameters, answers)


def revision(t: RecordType, schemas: Schemas) -> Documentation:
    """GET /v1/{type}/{key}/revisions/{version}."""
    parameters = {"key": (KEY,), "version": (VERSION,)}
    answers = {200: {"model": Revision, "description": "这一版"}, **READING}
    name, summary = f"get_revision_of_{t.name}", f"{t.label}的某一版"
    return Documentation(name, "get", summary, operations.REVISION, parameters, answers)


def diff(t: RecordType, schemas: Schemas) -> Documentation:
    """GET /v1/{type}/{key}/revisions/{version}/diff."""
    parameters = {"key": (KEY,), "version": (VERSION,), "from_": (BASE, None)}
    patch = {"type": "array", "description": "依次执行的改动", "items": {"$ref": "#/components/schemas/PatchStep"}}
    answers = {200: {"description": "JSON Patch", "content": {DIFF: {"schema": patch}}}, **READING}
    return Documentation(f"diff_{t.name}", "get", f"{t.label}两版的差异", operations.DIFF, parameters, answers)
