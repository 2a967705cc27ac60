"""Requests as clients and proxies really send them, byte by byte, and what is answered to those that are none."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from starlette.types import ASGIApp

from app.http.connection import HEAD_FIELDS
from app.http.server import Application
from tests.support.callers import Api
from tests.support.records import Maker
from tests.support.wire import RawClient, Serving, serving

UNIT = {"name": "按字节收的单位", "kind": "other"}


@pytest.fixture(scope="module")
async def served(service: ASGIApp) -> AsyncIterator[Serving]:
    async with serving(Application(service)) as running:  # type: ignore[arg-type]  # it is FastAPI's
        yield running


@pytest.fixture
async def client(served: Serving) -> RawClient:
    return await served.client()


@pytest.fixture
def token(office: Api) -> bytes:
    assert office.auth
    return next(iter(office.auth("POST", "/v1/units"))).encode()


def request(method: str, path: str, token: bytes = b"", body: bytes | None = None, **fields: str) -> bytes:
    head = [f"{method} {path} HTTP/1.1".encode(), b"Host: ledger"]
    head += [b"Authorization: Bearer " + token] if token else []
    head += [f"{name.replace('_', '-')}: {value}".encode() for name, value in fields.items()]
    if body is not None and "Transfer_Encoding" not in fields:
        head += [b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*head, b"", body or b""])


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


OFFERS = {
    "h2c": {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AAEAAEAAAAIAAAAB"},
    "websocket": {"Connection": "keep-alive, upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"},
    "tls": {"Connection": "upgrade", "Upgrade": "TLS/1.0, HTTP/2.0"},
    "twice": {"Connection": "Upgrade", "Upgrade": "h2c", "UPGRADE": "h2c"},
}
AS_IT_COMES = {
    "whole": lambda text, head: (text,),
    "head first": lambda text, head: (text[:head], text[head:]),
    "body split": lambda text, head: (text[: head + 5], text[head + 5 :]),
    "head split": lambda text, head: (text[: head // 2], text[head // 2 :]),
    "end of head split": lambda text, head: (text[: head - 2], text[head - 2 :]),
    "byte by byte": lambda text, head: tuple(text[i : i + 1] for i in range(len(text))),
}


@pytest.mark.parametrize("coming", AS_IT_COMES)
@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_a_request_that_offers_an_upgrade_is_served_as_if_it_did_not(
    framing: str, offer: str, coming: str, client: RawClient, token: bytes, office: Api
) -> None:
    """Java's HttpClient offers h2c with the first request of each connection, also with one that has a body."""
    body, fields = json.dumps(UNIT, ensure_ascii=False).encode(), {**OFFERS[offer], "Content_Type": "application/json"}
    if framing == "chunks":
        body, fields = chunked(body), {**fields, "Transfer_Encoding": "chunked"}
    text = request("POST", "/v1/units", token, body, **fields)
    await client.send(*AS_IT_COMES[coming](text, text.index(b"\r\n\r\n") + 4))
    made = await client.told()
    assert made.status == 201, made
    assert (await office.read(made.headers["location"]))["name"] == UNIT["name"]
    await client.send(request("GET", made.headers["location"], token, **OFFERS[offer]))
    assert (await client.told()).body == made.body


async def test_requests_that_follow_an_offer_at_once_are_answered_in_their_order(
    client: RawClient, token: bytes
) -> None:
    body = json.dumps(UNIT).encode()
    one = request("POST", "/v1/units", token, body, Content_Type="application/json", **OFFERS["h2c"])
    other = request("GET", "/v1/errors/stale", **OFFERS["websocket"])
    await client.send((one + other) * 40)
    assert [(await client.told()).status for _ in range(80)] == [201, 200] * 40


async def test_no_tunnel_is_opened(client: RawClient) -> None:
    await client.send(b"CONNECT /v1/units HTTP/1.1\r\nHost: ledger\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    refused = await client.told()
    assert (refused.status, refused.problem["code"]) == (405, "method_not_allowed")
    assert await client.ended() == b""


BAD_ENDS = {
    "bad size": b"zz\r\n",
    "no end of chunk": b"5\r\nabcdefgh",
    "bad trailer": b"0\r\nno field\r\n\r\n",
    "negative": b"-1\r\n",
    "huge size": b"f" * 17 + b"\r\n",
}


@pytest.mark.parametrize("offered", [False, True])
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("end", BAD_ENDS)
async def test_a_body_that_is_no_http_is_a_problem_document_and_nothing_is_saved(
    end: str, split: bool, offered: bool, client: RawClient, token: bytes, office: Api
) -> None:
    before = (await office.every("units"))[:1]
    body = chunked(json.dumps(UNIT).encode())[:-5]
    fields = {"Content_Type": "application/json", "Transfer_Encoding": "chunked", "Accept_Language": "en"}
    text = request("POST", "/v1/units", token, body, **fields, **(OFFERS["h2c"] if offered else {}))
    await client.send(*((text, BAD_ENDS[end]) if split else (text + BAD_ENDS[end],)))
    refused = await client.told()
    assert (refused.status, refused.problem["code"]) == (400, "malformed_request"), refused
    assert refused.headers["connection"] == "close" and "not well-formed" in refused.problem["detail"]
    assert await client.ended() == b""
    assert (await office.every("units"))[:1] == before


async def test_what_is_refused_after_requests_that_could_be_read_takes_no_answer_of_theirs(
    client: RawClient, token: bytes
) -> None:
    """A refusal in the place of the answer to a write would say that the write failed."""
    body = json.dumps(UNIT).encode()
    one = request("POST", "/v1/units", token, body, Content_Type="application/json")
    await client.send(one + one + b"nonsense\r\n\r\n")
    answers = [await client.told() for _ in range(2)]
    assert [a.status for a in answers] == [201, 201]
    assert [a.headers.get("connection") for a in answers] == [None, "close"]
    assert await client.ended() == b""


@pytest.mark.parametrize(
    ("name", "part"),
    [("one trailer", b"a" * 60_000), ("many trailers", b"\r\nX-Y: " + b"a" * 1000), ("extension", b"b" * 9000)],
)
async def test_what_surrounds_a_body_has_an_end(name: str, part: bytes, client: RawClient, token: bytes) -> None:
    """Neither fields after a body nor extensions of its chunks fill the memory, whoever sends them."""
    for caller in (token, b""):
        given = await _another(client)
        start = b"5;a=" if name == "extension" else b"0\r\nX-Y: "
        fields = {"Content_Type": "application/json", "Transfer_Encoding": "chunked"}
        await given.send(request("POST", "/v1/units", caller, start, **fields))
        said = asyncio.create_task(given.ended())
        with suppress(ConnectionError):
            while not said.done():
                await given.send(part, part)
        assert b" 431 " in await said or b" 401 " in await said, name


async def _another(client: RawClient) -> RawClient:
    host, port = client.writer.get_extra_info("peername")
    return RawClient(*await asyncio.open_connection(host, port))


async def test_fields_after_a_body_are_left_out(client: RawClient, token: bytes, office: Api) -> None:
    body = chunked(json.dumps(UNIT).encode())[:-2] + b"Content-Type: text/plain\r\nAuthorization: none\r\n\r\n"
    fields = {"Content_Type": "application/json", "Transfer_Encoding": "chunked"}
    await client.send(request("POST", "/v1/units", token, body, **fields))
    assert (await client.told()).status == 201
    await client.send(request("GET", "/v1/errors/stale"))
    assert (await client.told()).status == 200


async def test_header_fields_are_counted(client: RawClient, served: Serving) -> None:
    few = {f"X_{n}": "1" for n in range(HEAD_FIELDS - 1)}
    await client.send(request("GET", "/v1/errors/stale", **few))
    assert (await client.told()).status == 200
    await client.send(request("GET", "/v1/errors/stale", **few, Y="1", Z="1"))
    refused = await client.told()
    assert (refused.status, refused.problem["code"]) == (431, "too_many_headers")
    assert str(HEAD_FIELDS) in refused.problem["detail"]


async def test_a_client_that_leaves_within_its_body_breaks_nothing(
    client: RawClient, token: bytes, make: Maker, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is no mistake of ours: the access log has 400, and no exception is logged."""
    text = request("POST", "/v1/units", token, b"{" + b" " * 500, Content_Type="application/json")
    await client.send(text[:-300])
    other = await _another(client)
    await other.send(request("GET", "/v1/errors/stale"))
    await other.told()
    client.writer.transport.abort()
    while '"status":400' not in (said := capfd.readouterr().err):
        await other.send(request("GET", "/v1/errors/stale"))
        await other.told()
    assert "unhandled" not in said and "Traceback" not in said
