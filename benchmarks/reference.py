"""The bare programs: what answering these requests costs with no framework, no account, no rule and no log.

    bare    rows from asyncpg, JSON by orjson           the measure of reading
    barej   the same, but Postgres builds the JSON      the measure of writing

Routes: GET /entries/{id}, GET /entries?round=&limit=, POST /entries, PATCH /entries/{id}. A write is one statement: the
entry, its past and its feed. Pool, reset on release and statement cache are asyncpg's defaults.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import asyncpg
import orjson

ADDRESS = "BENCH_REFERENCE_URL"
CONNECTIONS = 8
PATH = "/entries"
COLUMNS = (
    "id, label, round, unit, kind, weight, state, title, body, seen_on, until, extra, version, created_at, updated_at"
)
GIVEN = "label, round, unit, kind, weight, state, title, body, seen_on, until, extra"
SHAPE = (
    "label text, round int, unit int, kind text, weight smallint, state text, title text, body text, seen_on date,"
    " until date, extra jsonb"
)

GET = f"select {COLUMNS} from entry where id = $1"
LIST = f"select {COLUMNS} from entry where round = $1 order by created_at desc, id desc limit $2"
GET_TEXT = f"select row_to_json(e)::text from ({GET}) e"
LIST_TEXT = f"select coalesce(json_agg(e), '[]')::text from ({LIST}) e"


def written(statement: str, what: str, who: str = "bench") -> str:
    """The whole write as one statement: `statement` gives the rows, then their past, their feed, and the answer."""
    return f"""with w as ({statement} returning *),
past as (insert into entry_past (id, version, who, whole) select id, version, '{who}', to_jsonb(w) from w),
feed as (insert into entry_feed (kind, id, version, what) select 'entry', id, version, '{what}' from w)
select row_to_json(w)::text from w"""


CREATE = written(
    f"insert into entry (id, {GIVEN}) select $1, g.* from jsonb_to_record($2::text::jsonb) g({SHAPE})", "c"
)
PATCH = written(
    "update entry set weight = coalesce($3, weight), state = coalesce($4, state), version = version + 1,"
    " updated_at = now() where id = $1 and version = $2",
    "u",
)
Send = Callable[[Any], Awaitable[None]]


class Bare:
    """An ASGI application over one pool."""

    def __init__(self, json_by_postgres: bool) -> None:
        self._json_by_postgres = json_by_postgres
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, body = await self._answer(scope, receive)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Send) -> None:
        await receive()
        self._pool = await asyncpg.create_pool(
            os.environ[ADDRESS],
            min_size=CONNECTIONS,
            max_size=CONNECTIONS,
            init=None if self._json_by_postgres else _read_json,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Any, receive: Any) -> tuple[int, bytes]:
        method, key = scope["method"], scope["path"][len(PATH) + 1 :]
        if method == "GET":
            return await (self._one(UUID(key)) if key else self._some(scope["query_string"]))
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        async with self._pool.acquire() as connection:
            if method == "POST":
                made: str = await connection.fetchval(CREATE, uuid4(), body.decode())
                return 201, made.encode()
            asked = orjson.loads(body)
            change = asked["version"], asked.get("weight"), asked.get("state")
            changed: str | None = await connection.fetchval(PATCH, UUID(key), *change)
        return (409, b"{}") if changed is None else (200, changed.encode())

    async def _one(self, key: UUID) -> tuple[int, bytes]:
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(GET_TEXT if self._json_by_postgres else GET, key)
        if row is None:
            return 404, b"{}"
        return 200, row[0].encode() if self._json_by_postgres else orjson.dumps(dict(row), default=str)

    async def _some(self, query: bytes) -> tuple[int, bytes]:
        asked = dict(parse_qsl(query.decode()))
        arguments = int(asked["round"]), int(asked["limit"])
        async with self._pool.acquire() as connection:
            if self._json_by_postgres:
                text: str = await connection.fetchval(LIST_TEXT, *arguments)
                return 200, text.encode()
            rows = await connection.fetch(LIST, *arguments)
        return 200, orjson.dumps([dict(row) for row in rows], default=str)


async def _read_json(connection: Any) -> None:
    await connection.set_type_codec("jsonb", encoder=_text, decoder=orjson.loads, schema="pg_catalog")


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


bare, barej = Bare(False), Bare(True)
