"""`GET /v1/{type}/export`: the list of a type as a file, with the list's own filters, order and rights."""

import shutil
import tempfile
import time
from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from app.clock import now
from app.errors import Refusal
from app.exports.csv_lines import BEGINNINGS, heading_line, record_lines
from app.exports.ledger_columns import ledger_columns
from app.exports.office_sheet import OfficeSheet
from app.exports.printed_names import printed_names
from app.http.dependencies import bearer
from app.http.exchange import NOT_YET, query_parameters, request_context, service_of
from app.http.lagging import lagging_export
from app.http.operations import permitted, problems
from app.http.paging import documented
from app.imports.mapping.sheets import CSV, NDJSON, XLSX
from app.kernel import store
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.registry import Registry
from app.kernel.declare.values import without_numbers
from app.kernel.sql.listing import Listing, bad_query, listing, parameter_help
from app.kernel.store import RequestContext
from app.roles import ROLES

MEDIA = {"xlsx": XLSX, "csv": CSV, "ndjson": NDJSON}
MAY_EXPORT = attrgetter("exports")
BY_NUMBER = (("number", False), ("id", False))
LEFT_BEHIND = 86_400.0  # seconds after which a file is one that a killed process has left
TEXT = {"type": "string"}
HELP = (
    "条件和排序与清单相同；不写 sort 的按编号排。xlsx 按台账版式排好，可以直接打印；csv 供其他软件用；"
    "ndjson 每行一条，与清单中的相同。三种都能原样导回。对当前账号隐去的留空。每次导出都记入访问日志。"
)


class Handed(StreamingResponse):
    """A file that is handed out as it is made. Its source is closed at once when the client leaves."""

    async def stream_response(self, send: Any) -> None:
        source: Any = self.body_iterator
        async with aclosing(source):
            await super().stream_response(send)


def router(registry: Registry) -> APIRouter:
    """One route for each type, in front of those of its records."""
    made = APIRouter(dependencies=[Depends(bearer)])
    for t in registry:
        binary = {m: {"schema": {"type": "string", "format": "binary"}} for m in MEDIA.values()}
        made.add_api_route(
            f"/v1/{t.path}/export", _exporting(t), methods=["GET"], tags=[t.tag], name=f"export_{t.name}",
            operation_id=f"export_{t.name}", summary=f"导出{t.label}", response_model=None,
            description=permitted(HELP, roles := t.access.roles("export")),
            responses={200: {"description": f"{t.label}的文件", "content": binary}, **problems(400, 403, 422)},
            openapi_extra={"x-roles": roles, **_parameters(t)},
        )  # fmt: skip
    return made


def _parameters(t: RecordType) -> dict[str, Any]:
    many = {"type": "array", "items": TEXT}
    found = documented(
        format=("xlsx 工作簿，csv，ndjson", {**TEXT, "enum": [*MEDIA]}),
        charset=("csv 的编码：utf-8（默认，带 BOM），gb18030", {**TEXT, "enum": [*BEGINNINGS], "default": "utf-8"}),
        q=("在编号、文字和备注中查找", TEXT),
        sort=(f"排序：{'、'.join(t.sorts)}；前加 - 为倒序，逗号分隔", TEXT),
        **{name: (text, many) for name, text in parameter_help(t).items()},
    )
    found["parameters"][0]["required"] = True
    return found


def _exporting(t: RecordType) -> Callable[[Request], Any]:
    async def export(request: Request) -> Response:
        return await export_records(t, request)

    return export


async def export_records(t: RecordType, request: Request) -> Response:
    """The file. Nothing of it is sent before its first entry in the access log is committed."""
    ctx = await request_context(request)
    asked = query_parameters(request)
    form, charset = _form(asked)
    wanted = _listing(ctx, t, asked)
    if not MAY_EXPORT(ctx.right(t)):
        raise Refusal("forbidden")
    ctx = lagging_export(t, ctx)
    query = without_numbers("&".join(f"{name}={value}" for name, value in asked))
    folder = service_of(request).settings.data_dir / "exports"
    pieces = _pieces(ctx, t, wanted, query, form, charset, folder)
    begun = await anext(pieces, b"")  # what is refused is refused before anything is sent
    media = f"{CSV}; charset={charset}" if form == "csv" else MEDIA[form]
    return Handed(_from(begun, pieces), 200, _headers(t, form), media)


async def _from(begun: bytes, pieces: Any) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        yield begun
        async for piece in pieces:
            yield piece


def _form(asked: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Format and charset. Refuses with `bad_query`."""
    given = {name: [v for n, v in asked if n == name] for name in ("format", "charset")}
    for name, values in given.items():
        if len(values) > 1:
            raise bad_query(name, "given_twice")
    form, charset = (given["format"] or [""])[0], (given["charset"] or ["utf-8"])[0]
    if form not in MEDIA:
        raise bad_query("format", "not_a_choice", allowed=list(MEDIA))
    if given["charset"] and form != "csv":
        raise bad_query("charset", "unknown_parameter", allowed=[])
    if charset not in BEGINNINGS:
        raise bad_query("charset", "not_a_choice", allowed=list(BEGINNINGS))
    return form, charset


def _listing(ctx: RequestContext, t: RecordType, asked: Sequence[tuple[str, str]]) -> Listing:
    """The list that is asked for. Refuses with `bad_query`, also a part of it: an export is always whole."""
    rest = [(name, value) for name, value in asked if name not in ("format", "charset")]
    if whole := next((name for name, _ in rest if name in ("limit", "cursor")), None):
        raise bad_query(whole, "unknown_parameter", allowed=[])
    wanted = listing(ctx.view, t, rest, NOT_YET)
    return wanted if any(name == "sort" for name, _ in rest) else Listing(wanted.conditions, BY_NUMBER)


async def _batches(
    ctx: RequestContext, t: RecordType, wanted: Listing, query: str, connection: Any
) -> AsyncGenerator[list[bytes]]:
    async with aclosing(store.export(ctx, t, wanted, query, connection)) as batches:
        async for rows in batches:
            yield [row[0] for row in rows]


async def _pieces(
    ctx: RequestContext, t: RecordType, wanted: Listing, query: str, form: str, charset: str, folder: Path
) -> AsyncGenerator[bytes]:
    """The file, piece by piece."""
    if form == "xlsx":
        with await _workbook(ctx, t, wanted, query, folder) as file:
            while piece := await to_thread(file.read, 2**18):
                yield piece
        return
    async with store.export_connection(ctx) as connection:
        batches = _batches(ctx, t, wanted, query, connection)
        async with aclosing(_csv(t, batches, charset) if form == "csv" else _ndjson(batches)) as made:
            async for piece in made:
                yield piece


async def _ndjson(batches: Any) -> AsyncGenerator[bytes]:
    async with aclosing(batches):
        async for documents in batches:
            yield b"\n".join(documents) + b"\n"


async def _csv(t: RecordType, batches: Any, charset: str) -> AsyncGenerator[bytes]:
    head = heading_line(t, charset)
    async with aclosing(batches):
        async for documents in batches:
            yield head + await to_thread(record_lines, t, documents, charset)
            head = b""
    if head:
        yield head


async def _workbook(ctx: RequestContext, t: RecordType, wanted: Listing, query: str, folder: Path) -> BinaryIO:
    """The whole workbook, in a file without a name: of a zip the last bytes say what is in it.

    The connection is given back before anything is sent, because Postgres ends a transaction that stands still.
    """
    day = now().date()
    heading = f"填报单位：{ROLES[ctx.caller.role].label}（{ctx.caller.code}）　　　　填报日期：{day:%Y年%m月%d日}"
    with tempfile.TemporaryDirectory(dir=await to_thread(_swept, folder)) as made:
        path = Path(made) / "ledger.xlsx"
        async with store.export_connection(ctx) as connection:
            names = await printed_names(ctx, t, ledger_columns(t), connection)
            sheet = await to_thread(OfficeSheet, t, path, heading, names)
            async with aclosing(_batches(ctx, t, wanted, query, connection)) as batches:
                async for documents in batches:
                    await to_thread(sheet.add, documents)
        await to_thread(sheet.close)
        return path.open("rb")


def _swept(folder: Path) -> Path:
    """The folder where workbooks are made, without those that a killed process has left there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.iterdir():
        if left.stat().st_mtime < time.time() - LEFT_BEHIND:
            shutil.rmtree(left, ignore_errors=True)
    return folder


def _headers(t: RecordType, form: str) -> dict[str, str]:
    day = f"{now():%Y%m%d}"
    name = quote(f"{t.ledger.sheets[0]}-{day}.{form}", safe="")
    return {
        "Content-Disposition": f"attachment; filename=\"{t.path}-{day}.{form}\"; filename*=UTF-8''{name}",
        "Cache-Control": "private, no-store",
        "Vary": "Authorization",
    }
