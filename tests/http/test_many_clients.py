"""A service as it is shipped, with many clients that keep it waiting. `make proof` tries the numbers that are promised.

300 half-open connections are let go, and 2 000 idle ones harm nobody. The suite opens fewer, with shorter limits.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import LAST_WORDS, Running, running
from tests.support.proofs import WHOLE
from tests.support.wire import RawClient, Told

HALF_OPEN, IDLE = (300, 2000) if WHOLE else (40, 60)
SHORT = {} if WHOLE else {"LEDGER_HEAD_SECONDS": "2", "LEDGER_BODY_SECONDS": "2"}
GET = b"GET /health/live HTTP/1.1\r\nHost: ledger\r\n\r\n"
POST = b"POST /v1/oauth/token HTTP/1.1\r\nHost: ledger\r\nContent-Type: application/x-www-form-urlencoded\r\n"
HALVES = (b"", b"G", GET[:-2], GET + GET[:20], POST, POST + b"Content-Length: 500\r\n\r\ngrant_type=")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Running]:
    place = folder / "many"
    place.mkdir()
    place.chmod(0o711)
    # Nobody reads what it says meanwhile, and a full pipe would stop it.
    with running("serve", place, LEDGER_ACCESS_LOG="off", **SHORT) as service:
        service.until(LAST_WORDS)
        yield service
        service.stop()


async def opened(served: Running) -> RawClient:
    return RawClient(*await asyncio.open_connection("127.0.0.1", served.port))


async def asked(served: Running) -> Told:
    """The answer to a caller that comes now."""
    client = await opened(served)
    await client.send(GET)
    told = await client.told()
    client.writer.transport.abort()
    return told


@pytest.mark.proof
async def test_half_open_connections_are_let_go_and_others_are_answered_meanwhile(served: Running) -> None:
    clients = [await opened(served) for _ in range(HALF_OPEN)]
    for n, client in enumerate(clients):
        await client.send(HALVES[n % len(HALVES)])
    ending = asyncio.gather(*(client.ended() for client in clients))
    answered = 0
    while not ending.done():
        assert (await asked(served)).status == 200
        answered += 1
        await asyncio.sleep(0.1)
    said = await ending
    assert answered > 0
    assert sum(text.count(b" 408 ") for text in said) == sum(bool(HALVES[n % len(HALVES)]) for n in range(HALF_OPEN))
    print(f"half-open: {len(said)} let go, {answered} others answered meanwhile")


@pytest.mark.proof
async def test_idle_connections_harm_nobody(served: Running) -> None:
    clients = [await opened(served) for _ in range(IDLE)]
    for client in clients:
        await client.send(GET)
    assert {(await client.told()).status for client in clients} == {200}
    for _ in range(20):
        assert (await asked(served)).status == 200
    for client in clients:
        await client.send(GET)
    assert {(await client.told()).status for client in clients} == {200}, "each is still of use"
    for client in clients:
        client.writer.transport.abort()
    print(f"idle: {len(clients)} connections, each used again")
