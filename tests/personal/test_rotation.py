"""Rotating the key of a service that reads and writes meanwhile; killed midway, and run again."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.cli.database import _running
from app.db.pool import Pools
from app.kernel.personal.encryption import Place, locked, opened
from app.kernel.personal.keyring import load_keyring
from tests.cli.conftest import place  # noqa: F401  # the fixture
from tests.cli.running import LAST_WORDS, PROJECT, Running, environment, running
from tests.conftest import Prepared
from tests.support.bureaus import entered
from tests.support.callers import HOME, PASSWORD, PATCH
from tests.support.client import over_http
from tests.support.numbers import identity_number

MANY, MEMBER = 4000, "persons.id_number"


@pytest.fixture
def data(place: Path, prepared: Prepared) -> Path:  # noqa: F811  # the fixture
    return prepared(place / "data")


@pytest.fixture
def service(data: Path) -> Iterator[Running]:
    """A service as an operator starts it, with its own database."""
    with running("serve", data, LEDGER_ACCESS_LOG="off") as served:
        served.until(LAST_WORDS)
        yield served
        served.stop()


def asked(url: str, text: str, *arguments: Any) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(text, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())


def clerk(service: Running, data: Path) -> httpx.Client:
    """Case supervision, signed in."""
    found = _running(data)
    assert found

    async def opened_accounts() -> None:
        pools = Pools(found.logins)
        await entered(pools, "office", "inspection_office", HOME)
        office = over_http(service.url, token(service, "office"))
        number = office.post("/v1/units", json={"name": "纪委", "kind": "discipline_body"}).json()["number"]
        await entered(pools, "wang", "case_supervision", HOME, unit_number=number)
        await pools.close()

    asyncio.run(opened_accounts())
    return over_http(service.url, token(service, "wang"))


def token(service: Running, username: str) -> str:
    form = {"username": username, "password": PASSWORD}
    return str(over_http(service.url).post("/v1/oauth/token", data=form).json()["access_token"])


def planted(url: str, data: Path) -> None:
    """Values of many records, half of them in the form of before they were bound to their record."""
    ring = load_keyring(None, data)
    rows = []
    for n in range(MANY):
        spot = Place(HOME, str(uuid4()), MEMBER, f"{n:064}")
        sealed = locked(ring, spot, identity_number(n))
        form, text = 2, sealed.ciphertext
        if n % 2:
            form, text = (
                1,
                text[:12] + ring.current.cipher.encrypt(text[:12], identity_number(n).encode(), spot.bound(1)),
            )
        rows.append((HOME, spot.record_id, MEMBER, spot.digest, form, sealed.algorithm, sealed.key_id, text))

    async def copied() -> None:
        connection = await asyncpg.connect(url)
        await connection.copy_records_to_table("sealed_value", records=rows)
        await connection.close()

    asyncio.run(copied())


class Work:
    """Clerks who go on while a key is rotated: each enters persons, changes their numbers, and reads them back."""

    def __init__(self, client: httpx.Client, unit: str) -> None:
        self.client, self.unit = client, unit
        self.wrong: list[str] = []
        self.done = 0
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(3)]

    def __enter__(self) -> "Work":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def more(self) -> None:
        """Until some more has been done."""
        until, limit = self.done + 6, datetime.now().timestamp() + 60
        while self.done < until and not self.wrong and datetime.now().timestamp() < limit:
            time.sleep(0.02)

    def _work(self, n: int) -> None:
        mine: list[tuple[str, str]] = []
        turn = 0
        while not self._ended.is_set():
            turn += 1
            number = identity_number(10_000 * (n + 1) + turn)
            body = {"name": "某人", "unit_number": self.unit, "id_number": number}
            made = self.client.post("/v1/persons", json=body)
            if made.status_code != 201:
                self.wrong.append(made.text)
                return
            number = identity_number(500_000 + 10_000 * n + turn)
            headers = {"If-Match": "1", "Content-Type": PATCH}
            one = f"/v1/persons/{made.json()['id']}"
            changed = self.client.patch(one, json={"id_number": number}, headers=headers)
            mine.append((one, number))
            for url, expected in (mine[0], mine[-1]):
                seen = self.client.get(url, params={"purpose": "verification"})
                if changed.status_code != 200 or seen.status_code != 200 or seen.json()["id_number"] != expected:
                    self.wrong.append(f"{changed.status_code} {seen.text}")
            self.done += 1


def rotating(data: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "app", "rotate-key"], cwd=PROJECT, env=environment(data), text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_a_key_is_rotated_under_a_service_that_reads_and_writes_and_after_a_kill(service: Running, data: Path) -> None:
    client = clerk(service, data)
    found = _running(data)
    assert found and found.owner_url
    owner = found.owner_url
    unit = client.get("/v1/units").json()["items"][0]["number"]
    planted(owner, data)
    first = load_keyring(None, data).current.key_id
    renewed = "select count(*) from sealed_value where key_id <> $1"
    with Work(client, unit) as work:
        work.more()
        with rotating(data) as killed:
            while asked(owner, renewed, first)[0][0] < 200:
                assert killed.poll() is None, killed.communicate()
            killed.kill()
        halfway = asked(owner, "select count(*) from sealed_value where key_id = $1", first)[0][0]
        assert halfway > 0, "it was killed midway"
        work.more()
        with rotating(data) as again:
            said = again.communicate(timeout=120)[0]
        assert again.returncode == 0 and "继续上次的更换" in said, said
        work.more()
    assert not work.wrong, work.wrong[:3]
    assert len((data / "secret-key").read_text().split()) == 2, "one rotation, though run twice"
    ring = load_keyring(None, data)
    rows = asked(owner, "select *, record_id::text as id from sealed_value where key_id <> $1 or form <> 2",
                 ring.current.key_id)  # fmt: skip
    assert rows == [], "nothing is left of the former key"
    numbers = set()
    for row in asked(owner, "select *, record_id::text as id from sealed_value"):
        numbers.add(opened(ring, Place(row["jurisdiction"], row["id"], row["member"], row["digest"]), row_value(row)))
    assert {identity_number(n) for n in range(MANY)} <= numbers
    found_again = client.post("/v1/persons/find", json={"id_number": identity_number(500_001)}).json()["items"]
    assert len(found_again) == 1, "digests outlive the key"
    assert (client.get(f"/v1/persons/{found_again[0]['id']}?purpose=handling")).json()["id_number"] == identity_number(
        500_001
    )


def row_value(row: Any) -> Any:
    from app.kernel.personal.encryption import SealedValue

    return SealedValue(row["form"], row["algorithm"], row["key_id"], row["ciphertext"])


def test_what_does_not_open_stays_as_it_is_and_is_counted(service: Running, data: Path) -> None:
    found = _running(data)
    assert found and found.owner_url
    planted(found.owner_url, data)
    for n in (5, 6):
        asked(found.owner_url, "update sealed_value set ciphertext = '\\x00' where digest = $1", f"{n:064}")
    with rotating(data) as command:
        said = command.communicate(timeout=120)[0]
    assert command.returncode == 1 and f"{MANY - 2} 个值" in said and "有 2 个值打不开" in said, said
    bad = asked(found.owner_url, "select digest from sealed_value where key_id <> $1",
                load_keyring(None, data).current.key_id)  # fmt: skip
    assert {int(r[0]) for r in bad} == {5, 6}
    assert identity_number(5) not in said
