"""The faults: how each strikes, and how what it has broken is put up again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx

from tests.chaos.clerks import Desk
from tests.chaos.stand import MIB, Stand

HALF_OPEN = 150


async def _nothing(stand: Stand) -> None:
    """What struck mends itself."""


async def _start_service(stand: Stand) -> None:
    await stand.start_service()


async def _start_postgres(stand: Stand) -> None:
    await stand.restart_postgres()


@dataclass(frozen=True)
class Fault:
    """One kind of fault. It strikes in one go, so that it can fall between two bytes."""

    strike: Callable[[Stand], None]
    mend: Callable[[Stand], Awaitable[None]] = _nothing


FAULTS = {
    "service killed": Fault(Stand.kill_service, _start_service),
    "Postgres killed": Fault(Stand.kill_postgres, _start_postgres),
    "postmaster killed": Fault(Stand.kill_postmaster, _start_postgres),
    "backend killed": Fault(lambda stand: stand.signal_sessions(signal.SIGKILL, most=1)),
    "sessions ended": Fault(lambda stand: stand.signal_sessions(signal.SIGTERM)),
    "wire cut": Fault(lambda stand: stand.wire.cut()),
    "Postgres restarted": Fault(lambda stand: stand.signal_postgres(signal.SIGINT), _start_postgres),
    "Postgres stopped at once": Fault(lambda stand: stand.signal_postgres(signal.SIGQUIT), _start_postgres),
}
# Faults that last for a while: each does all of it, and notes what it sees in `told`.
Lasting = Callable[[Stand, Desk], Awaitable[None]]


async def disk_full(stand: Stand, desk: Desk) -> None:
    """Fill the disk of the database, see whether reads go on, and make room again."""
    ballast = stand.home / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(MIB))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    await asyncio.sleep(4)
    for _ in range(5):
        with suppress(httpx.HTTPError):
            answer = await desk.callers.http["office"].get("/v1/findings", params={"round_number": desk.round})
            desk.told[f"a read while the disk is full: {answer.status_code}"] += 1
    ballast.unlink()
    await asyncio.sleep(1)
    if not os.path.exists(f"/proc/{stand.postgres.process_id}/exe"):  # noqa: ASYNC240  # a look into memory
        desk.told["Postgres had ended, as its log could not be written"] += 1
        await stand.restart_postgres()


async def slow_clients(stand: Stand, desk: Desk) -> None:
    """Many connections that send half a request and then nothing, while clerks write on."""
    opened = []
    for n in range(HALF_OPEN):
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", stand.port)
            whole = b"POST /v1/findings HTTP/1.1\r\nHost: a\r\n" + b"Content-Length: 500\r\n\r\n{" * (n % 2)
            writer.write(whole)
            opened.append(writer)
    before = desk.acknowledged
    await asyncio.sleep(4)
    desk.told[f"writes acknowledged beside {HALF_OPEN} half requests in 4 s"] += desk.acknowledged - before
    assert desk.acknowledged > before, "slow clients keep others out"
    for writer in opened:
        writer.transport.abort()


LASTING: dict[str, Lasting] = {"disk full": disk_full, "slow clients": slow_clients}
