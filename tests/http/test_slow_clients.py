"""Clients that keep the service waiting are let go, and keep nobody out. The limits here are short, or few."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import ASGIApp

from app.errors import Refusal
from app.http.server import Application, RequestLog
from app.http.slow_clients import BODY, HEAD, IDLE, SENDING, UNREAD
from app.main import create_app
from app.settings import Settings
from tests.support.wire import RawClient, Serving, limits, serving

GET = b"GET / HTTP/1.1\r\nHost: ledger\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: ledger\r\nContent-Length: %d\r\n\r\n"
SHORT = 0.3  # seconds


class Work:
    """An application that reads its body, and answers /wait when it is told to, and /large at length."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.waiting = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = {"more_body": scope["path"] != "/early"}
        while message.get("more_body"):
            message = await receive()
        if scope["path"] == "/wait":
            self.waiting += 1
            await self.goes_on.wait()
        body = b"x" * (2**24 if scope["path"] == "/large" else 2)
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Refusing:
    """Work behind the layer that gives the route its body; a refusal is answered by our own handler."""

    def __init__(self, work: Work) -> None:
        self._work, self._handlers = work, create_app(Settings()).exception_handlers
        self._log = RequestLog(self._served, "off")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._log(scope, receive, send)

    async def _served(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._work(scope, receive, send)
        except Refusal as refusal:
            answer: Any = self._handlers[Refusal]
            await (await answer(Request(scope), refusal))(scope, receive, send)


@pytest.fixture
def work() -> Work:
    return Work()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds; the test's own time limit ends it otherwise."""
    while not condition():  # noqa: ASYNC110  # nobody in the server sets an event for it
        await asyncio.sleep(0.01)


async def test_a_head_that_does_not_end_is_refused_and_one_that_never_begins_is_closed() -> None:
    async with serving(Work(), limits(head=SHORT)) as served:
        for sent in (b"G", GET[:-2], GET + GET[:9]):
            client = await served.client()
            await client.send(sent)
            if sent.startswith(GET):
                assert (await client.told()).status == 200
            refused = await client.told()
            assert (refused.status, refused.problem["code"]) == (408, "too_slow"), sent
            assert await client.ended() == b""
        assert await (await served.client()).ended() == b""


async def test_a_head_gets_no_longer_by_coming_in_drops() -> None:
    async with serving(Work(), limits(head=SHORT)) as served:
        client = await served.client()
        told = asyncio.create_task(client.told())
        await client.send(GET[:-2])
        while not told.done():
            await client.send(b"X-Y: z\r\n")
            await asyncio.sleep(SHORT / 20)
        assert (await told).status == 408


@pytest.mark.parametrize("drop", [b"", b"a"])
async def test_a_body_that_does_not_go_forward_is_refused_by_its_route(drop: bytes, work: Work) -> None:
    async with serving(Refusing(work), limits(body=SHORT)) as served:
        client = await served.client()
        told = asyncio.create_task(client.told())
        await client.send(POST % 9000 + b"a" * 50)
        while not told.done():
            await client.send(drop)
            await asyncio.sleep(SHORT / 20)
        refused = await told
        assert (refused.status, refused.problem["code"]) == (408, "too_slow")
        assert await client.ended() == b""


async def test_a_body_that_goes_forward_may_take_its_time() -> None:
    async with serving(Work(), limits(body=SHORT)) as served:
        client = await served.client()
        await client.send(POST % 30_000)
        for _ in range(30):
            await client.send(b"a" * 1000)
            await asyncio.sleep(SHORT / 5)
        await client.send(b"")
        assert (await client.told()).status == 200


async def test_work_of_the_service_is_no_delay_of_the_client() -> None:
    work = Work()
    async with serving(work, limits(request=SHORT, head=SHORT, body=SHORT, reader=SHORT)) as served:
        client, large = await served.client(), await served.client()
        await client.send(GET.replace(b"/ ", b"/wait "))
        await large.send((POST % 200_000).replace(b"/ ", b"/wait "), b"a" * 200_000)
        await until(lambda: work.waiting == 2)
        await asyncio.sleep(3 * SHORT)
        work.goes_on.set()
        assert [(await c.told()).status for c in (client, large)] == [200, 200]


async def test_an_idle_connection_is_closed_and_a_used_one_stays() -> None:
    async with serving(Work(), limits(request=SHORT)) as served:
        idle, used = await served.client(), await served.client()
        for client in (idle, used):
            await client.send(GET)
            assert (await client.told()).status == 200
        ended = asyncio.create_task(idle.ended())
        while not ended.done():
            await used.send(GET)
            assert (await used.told()).status == 200
        assert await ended == b""


async def test_a_reader_that_does_not_read_is_let_go() -> None:
    async with serving(Work(), limits(reader=SHORT)) as served:
        client = await served.client(limit=1)  # reads no more than this ahead
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]  # a client that stops reading
        await client.send(GET.replace(b"/ ", b"/large "))
        await until(lambda: len(served.connections) == 1)
        await until(lambda: not served.connections)


async def test_a_body_that_follows_its_answer_for_ever_is_not_read_for_ever() -> None:
    async with serving(Work(), limits(**{UNREAD: SHORT})) as served:
        client = await served.client()
        await client.send((POST % 10**12).replace(b"/ ", b"/early "))
        assert (await client.told()).status == 200
        ended = asyncio.create_task(client.ended())
        while not ended.done():
            try:
                await client.send(b"a" * 1000)
            except ConnectionError:
                break
            await asyncio.sleep(SHORT / 20)
        await until(lambda: not served.connections)


async def test_requests_over_the_limit_are_refused_and_health_is_answered(service: ASGIApp) -> None:
    work = Work()

    async def health_or_work(scope: Any, receive: Any, send: Any) -> None:
        await (health if scope["path"].startswith("/health") else work)(scope, receive, send)

    health: Any = Application(service)  # type: ignore[arg-type]  # it is FastAPI's
    async with serving(health_or_work, limits(requests=3)) as served:
        busy = [await served.client() for _ in range(3)]
        for client in busy:
            await client.send(GET.replace(b"/ ", b"/wait "))
        await until(lambda: work.waiting == 3)
        for language, words in (("en", "busy"), ("zh", "正忙")):
            client = await served.client()
            await client.send(GET[:-2] + f"Accept-Language: {language}\r\n\r\n".encode())
            refused = await client.told()
            assert (refused.status, refused.problem["code"], refused.headers["retry-after"]) == (503, "busy", "2")
            assert words in refused.problem["detail"] and await client.ended() == b""
        for path in (b"/health/live ", b"/health/ready "):
            client = await served.client()
            await client.send(GET.replace(b"/ ", path))
            assert (await client.told()).status == 200
        work.goes_on.set()
        assert [(await client.told()).status for client in busy] == [200] * 3
        await busy[0].send(GET)
        assert (await busy[0].told()).status == 200


async def test_bodies_on_their_way_keep_nobody_out() -> None:
    """A request whose body is not there is none that the service works on, however many there are."""
    async with serving(Work(), limits(requests=2)) as served:
        slow = [await served.client() for _ in range(20)]
        for client in slow:
            await client.send(POST % 100 + b"a" * 50)
        await until(lambda: served.server.server_state.slow_clients.receiving == 20)  # type: ignore[attr-defined]
        client = await served.client()
        for _ in range(2):
            await client.send(GET)
            assert (await client.told()).status == 200
        for n, other in enumerate(slow):
            if n % 2:
                other.writer.transport.abort()
            else:
                await other.send(b"a" * 50)
                assert (await other.told()).status == 200
        await until(lambda: served.server.server_state.slow_clients.receiving == 0)  # type: ignore[attr-defined]


async def opened(served: Serving, sent: bytes, count: int) -> list[RawClient]:
    clients = [await served.client() for _ in range(count)]
    for client in clients:
        await client.send(sent)
    return clients


@pytest.mark.parametrize("sent", [b"", GET[:9], GET, POST % 100])
async def test_too_many_connections_cost_those_that_wait_longest(sent: bytes, work: Work) -> None:
    """Whatever they wait for: others get in, and who is being served is not ended."""
    async with serving(Refusing(work), limits(connections=40)) as served:
        (busy,) = await opened(served, GET.replace(b"/ ", b"/wait "), 1)
        await until(lambda: work.waiting == 1)
        idle = await opened(served, sent, 60)
        for _ in range(5):
            client = await served.client()
            await client.send(GET)
            assert (await client.told()).status == 200
        await until(lambda: len(served.connections) <= 40)
        await asyncio.wait_for(idle[0].ended(), 60)  # the first of them
        work.goes_on.set()
        assert (await busy.told()).status == 200


@pytest.mark.parametrize(("language", "words"), [("en", "not known"), ("zh", "不能确定")])
async def test_a_request_that_the_end_of_the_service_cuts_short_is_not_said_to_have_failed(
    language: str, words: str, work: Work
) -> None:
    async with serving(Refusing(work), grace=1) as served:
        client = await served.client()
        await client.send(GET.replace(b"/ ", b"/wait ")[:-2] + f"Accept-Language: {language}\r\n\r\n".encode())
        await until(lambda: work.waiting == 1)
        ending = asyncio.create_task(served.end())
        told = await client.told()
        await ending
    assert (told.status, told.problem["code"], told.headers["connection"]) == (503, "service_ended", "close")
    assert words in told.problem["detail"]


def test_what_is_waited_for_has_a_limit_of_its_own() -> None:
    assert set(limits().seconds) == {IDLE, HEAD, BODY, UNREAD, SENDING}
