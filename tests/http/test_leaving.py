"""How answers and lines of the access log leave the process: in few calls, and whole."""

import asyncio
import os
from select import PIPE_BUF
from typing import Any

import orjson
import pytest

from app.http.connection import OneWrite
from app.http.server import RequestLog


class Taken:
    """A transport that keeps what it was given, call by call."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self.closed = False

    def writelines(self, pieces: list[bytes]) -> None:
        self.calls.append(b"".join(pieces))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


@pytest.fixture
def taken() -> Taken:
    return Taken()


async def test_head_and_body_leave_by_one_call(taken: Taken) -> None:
    transport: Any = OneWrite(taken)  # type: ignore[arg-type]  # as much of one as it needs
    for answer in (b"one", b"two"):
        transport.write(b"head of ")
        transport.write(answer)
    assert taken.calls == [b"head of one", b"head of two"]
    await asyncio.sleep(0)
    assert len(taken.calls) == 2
    assert transport.get_extra_info("peername") == "the peername"


async def test_what_comes_alone_leaves_when_the_loop_turns(taken: Taken) -> None:
    transport: Any = OneWrite(taken)  # type: ignore[arg-type]  # as much of one as it needs
    transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert taken.calls == []
    await asyncio.sleep(0)
    assert taken.calls == [b"HTTP/1.1 100 Continue\r\n\r\n"]


async def test_nothing_is_lost_by_closing_and_nothing_sent_to_who_has_left(taken: Taken) -> None:
    transport: Any = OneWrite(taken)  # type: ignore[arg-type]  # as much of one as it needs
    transport.write(b"a head without a body")
    transport.close()
    assert (taken.calls, taken.closed) == ([b"a head without a body"], True)
    transport.write(b"too late")
    await asyncio.sleep(0)
    assert taken.calls == [b"a head without a body"]


async def test_lines_of_one_turn_leave_together_and_no_pipe_can_tear_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answered(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def ignored(message: Any = None) -> None:
        pass

    written: list[bytes] = []
    monkeypatch.setattr(os, "write", lambda _file, piece: written.append(piece))
    request_log = RequestLog(answered)
    scope = {"type": "http", "method": "GET", "path": "/v1/units", "headers": []}
    await asyncio.gather(*(request_log(dict(scope), ignored, ignored) for _ in range(200)))
    await asyncio.sleep(0)
    assert 1 < len(written) < 20
    assert all(len(piece) <= PIPE_BUF and piece.endswith(b"\n") for piece in written)
    lines = [orjson.loads(line) for piece in written for line in piece.splitlines()]
    assert len({line["request"] for line in lines}) == 200
