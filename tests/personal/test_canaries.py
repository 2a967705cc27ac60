"""Identity numbers planted by every way in are found nowhere in clear: answers, logs, tables, files."""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from app.cli.database import _running
from app.clock import now
from app.db.logins import Logins
from app.db.pool import Pools
from tests.cli.conftest import place  # noqa: F401  # the fixture
from tests.cli.running import LAST_WORDS, Running, running
from tests.conftest import Prepared
from tests.support.bureaus import entered
from tests.support.callers import CSV, HOME, NDJSON, PASSWORD, PATCH, XLSX
from tests.support.client import over_http
from tests.support.ledgers import workbook
from tests.support.numbers import identity_number

NAME = "欧阳探针"  # a name is kept in clear in its record and its revisions, and is told by nothing else
HEADINGS = "人员编号,姓名,单位,身份证号"


class Canaries:
    """Numbers that are planted, each once: right ones, and ones that are wrong in every way."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def good(self) -> str:
        self.planted.append(identity_number(len(self.planted) + 700_000))
        return self.planted[-1]

    def bad(self) -> list[str]:
        """A wrong check digit, an impossible day, the obsolete form, one digit too many, and one hidden in a text."""
        right = self.good()
        wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
        found = [wrong, right[:10] + "1332" + right[14:], right[:6] + right[8:17], right + "7", f"证号{right}待核"]
        self.planted += found
        return found


@pytest.fixture
def served(place: Path, prepared: Prepared) -> Iterator[Running]:  # noqa: F811  # the fixture
    """A service with its access lines."""
    with running("serve", prepared(place / "data"), LEDGER_ACCESS_LOG="-") as service:
        service.until(LAST_WORDS)
        yield service


def signed_in(service: Running, username: str) -> httpx.Client:
    client = over_http(service.url)
    form = {"username": username, "password": PASSWORD}
    client.headers["Authorization"] = "Bearer " + client.post("/v1/oauth/token", data=form).json()["access_token"]
    return client


async def accounts(logins: Logins, *wanted: tuple[str, str, dict[str, Any]]) -> None:
    pools = Pools(logins)
    for name, role, bound in wanted:
        await entered(pools, name, role, HOME, **bound)
    await pools.close()


def bodies(canaries: Canaries, unit: str) -> Iterator[Any]:
    """JSON bodies of a person, right and wrong."""
    person = {"name": NAME, "unit_number": unit}
    for number in canaries.bad():
        yield {**person, "id_number": number}
        yield {**person, "unit_number": number}
        yield {**person, "rank": number}
    n = canaries.good
    yield from (
        {**person, "id_number": n(), "unit_number": "431382-U99999"}, {**person, "id_number": [n()]},
        {**person, "id_number": {"number": n()}}, {**person, "id_number": int(n()[:17])}, {**person, n(): "x"},
        {**person, "id_number": n(), "state": n()}, {**person, "id_number": n() + "\x00"}, n(), [n()],
    )  # fmt: skip


def malformed(canaries: Canaries) -> Iterator[bytes]:
    n = canaries.good
    yield f'{{"id_number": "{n()}"'.encode()
    yield f'{{"id_number": "{n()}", "id_number": "{n()}"}}'.encode()
    yield f'{{"{(same := n())}": 1, "{same}": 2}}'.encode()
    yield b'\xff{"id_number": "' + n().encode() + b'"}'
    yield f'{{"id_number": {n()} }}'.encode()


def through_json(client: httpx.Client, canaries: Canaries, unit: str) -> Iterator[httpx.Response]:
    person = {"name": NAME, "unit_number": unit, "id_number": canaries.good()}
    made = client.post("/v1/persons", json=person)
    assert made.status_code == 201, made.text
    yield made
    one = f"/v1/persons/{made.json()['id']}"
    same = canaries.good()
    yield client.patch(one, json={"id_number": same}, headers={"If-Match": "1", "Content-Type": PATCH})
    yield client.patch(one, json={"id_number": same}, headers={"If-Match": "2", "Content-Type": PATCH})
    yield client.patch(one, json={"id_number": canaries.good()}, headers={"If-Match": "1", "Content-Type": PATCH})
    yield client.post(f"{one}/actions/correct", json={"reason": "核对", "id_number": canaries.good()})
    yield client.post("/v1/persons/find", json={"id_number": same})
    yield client.post("/v1/persons/find", json={"id_number": canaries.good()})
    for body in bodies(canaries, unit):
        yield client.post("/v1/persons", json=body)
        yield client.post("/v1/persons/find", json=body)
        yield client.patch(one, json=body, headers={"If-Match": "2", "Content-Type": PATCH})
    for content in malformed(canaries):
        for url in ("/v1/persons", "/v1/persons/find", "/v1/accounts"):
            yield client.post(url, content=content, headers={"Content-Type": "application/json"})
        yield client.post("/v1/persons", content=content, headers={"Content-Type": "text/plain"})
    for path in ("", "/revisions", "/revisions/1", "/revisions/2/diff", "/actions"):
        yield client.get(one + path)
    revealed = client.get(one, params={"purpose": "verification"})
    assert revealed.json()["id_number"] == same


def through_addresses(client: httpx.Client, canaries: Canaries) -> Iterator[httpx.Response]:
    """What a careless script may write into an address: it is answered, and told nowhere."""
    n = canaries.good
    for url in (
        f"/v1/persons/{n()}", f"/v1/persons?q={n()}", f"/v1/persons?id_number={n()}", f"/v1/persons?state={n()}",
        f"/v1/persons/{n()}?purpose=handling", f"/v1/persons/{n()}?purpose={n()}", f"/v1/{n()}", f"/{n()}",
        f"/v1/access-log?record_id={n()}", f"/v1/imports/{n()}", f"/v1/persons/{n()}/revisions/{n()}",
    ):  # fmt: skip
        yield client.get(url)
    yield client.post(f"/v1/persons/find?id_number={n()}", json={"id_number": n()})
    yield client.get("/v1/persons", headers={"X-Request-Id": n()})


def files(canaries: Canaries, unit: str) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Ledgers of persons: media, content, query."""
    n = canaries.good
    bad = "".join(f",{NAME},{unit},{number}\n" for number in canaries.bad())
    lost = "".join(f",{NAME},{number},\n" for number in canaries.bad())
    skip = {"type": "persons", "on_error": "skip_rows", "mode": "commit"}
    for mode in ("preview", "commit"):
        yield CSV, f"{HEADINGS}\n,{NAME},{unit},{n()}\n".encode(), {"type": "persons", "mode": mode}
    yield CSV, f"{HEADINGS}\n{bad}{lost},{NAME},{unit},{n()}\n".encode("gb18030"), skip
    yield CSV, f"{HEADINGS}\n{HOME}-P801,{NAME},{unit},{n()}\n".encode(), skip
    yield CSV, f"{HEADINGS}\n{HOME}-P801,{NAME}二,{unit},{n()}\n".encode(), skip
    yield CSV, f"{HEADINGS}\n{HOME}-P801,{NAME},{unit},{n()}\n".encode(), skip
    yield CSV, f"{HOME}-P802,{NAME},{unit},{n()}\n{HOME}-P803,{NAME},{unit},{n()}\n".encode(), skip
    yield CSV, f'{HEADINGS}\n,"{NAME},{unit},{n()}\n'.encode(), skip
    yield CSV, f"{HEADINGS}\n,{NAME},{unit},{n()}\n".encode() + b"\xff\xfe\x00\n", skip
    rows = [HEADINGS.split(","), *([None, NAME, unit, x] for x in (n(), *canaries.bad()))]
    book = workbook({"人员": rows})
    yield XLSX, book, {"on_error": "skip_rows", "mode": "commit"}
    yield XLSX, book[: len(book) // 2], {}
    lines = [{"type": "persons", "name": NAME, "unit_number": unit, "id_number": x} for x in (n(), *canaries.bad())]
    whole = b"\n".join(json.dumps(line, ensure_ascii=False).encode() for line in lines)
    yield NDJSON, whole + f'\n{{"type": "persons", "id_number": "{n()}"'.encode(), {**skip}


def through_imports(client: httpx.Client, canaries: Canaries, unit: str) -> Iterator[httpx.Response]:
    states = set()
    for media, content, query in files(canaries, unit):
        name = {"Content-Disposition": f'attachment; filename="{canaries.good()}.x"'}
        sent = client.post("/v1/imports", params=query, content=content, headers={"Content-Type": media, **name})
        yield sent
        if sent.status_code != 202:
            continue
        state = "received"
        while state in ("received", "checking", "committing"):
            time.sleep(0.05)
            answer = client.get(sent.headers["location"])
            state = answer.json()["state"]
        states.add(state)
        yield answer
        yield client.get(f"{sent.headers['location']}/rows", params={"limit": "200"})
    assert {"committed", "checked", "failed"} <= states, states
    yield client.post("/v1/imports", files={"file": (f"{canaries.good()}.csv", HEADINGS.encode())})


async def rows_of_every_table(url: str) -> dict[str, list[str]]:
    """Each row of each table as text; bytes stand there in hexadecimal."""
    connection = await asyncpg.connect(url)
    tables = await connection.fetch(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_catalog|information_schema|pg_toast)'"
    )
    found = {t[0]: [r[0] for r in await connection.fetch(f"select x::text from {t[0]} x")] for t in tables}
    await connection.close()
    return found


def test_a_number_that_was_planted_through_every_door_is_found_nowhere(served: Running, place: Path) -> None:  # noqa: F811
    data = place / "data"
    base = _running(data)
    assert base and base.owner_url
    soon = {"expires_at": now() + timedelta(days=2)}
    asyncio.run(accounts(base.logins, ("office", "inspection_office", {}), ("loader", "ledger_loader", soon)))
    office = signed_in(served, "office")
    unit = office.post("/v1/units", json={"name": "纪委", "kind": "discipline_body"}).json()["number"]
    bound = {"unit_number": unit}
    asyncio.run(accounts(base.logins, ("wang", "case_supervision", bound), ("zhao", "auditor", {})))
    wang, canaries = signed_in(served, "wang"), Canaries()
    answers = [*through_json(wang, canaries, unit), *through_addresses(wang, canaries)]
    answers += through_imports(signed_in(served, "loader"), canaries, unit)
    answers.append(signed_in(served, "zhao").get("/v1/access-log", params={"limit": "200"}))
    assert not [a.text for a in answers if a.status_code >= 500]
    assert {200, 201, 202, 304, 400, 404, 412, 415, 422} - {a.status_code for a in answers} <= {304}

    def told(text: str) -> list[str]:
        return [number for number in canaries.planted if number in text]

    for answer in answers:
        assert not told(f"{answer.headers}{answer.text}"), (str(answer.request.url), answer.text)
        assert answer.status_code < 400 or NAME not in answer.text, answer.text
    tables = asyncio.run(rows_of_every_table(base.owner_url))
    assert len(tables["sealed_value"]) > 5 and len(tables["access_log"]) > 5 and len(tables["import_row"]) > 20
    for table, rows in tables.items():
        text = "\n".join(rows)
        assert not told(text), table
        assert not [x for x in canaries.planted if x.encode().hex() in text], table
        assert NAME not in text or table in ("person", "revision", "import_row"), table
    assert not list((data / "uploads").iterdir()), "an upload is on disk while it is checked"
    served.stop()
    log = served.text
    assert log.count('"route"') > 100 and not told(log) and NAME not in log
    patterns = place / "patterns"
    patterns.write_text("\n".join(canaries.planted), encoding="utf-8")
    grep = subprocess.run(["grep", "-rlaFf", str(patterns), str(data)], capture_output=True, text=True)
    assert grep.stdout == "", "bytes of a number are in these files"
