"""Characters that no database and no log can hold, wherever a caller may put one: refused or left out, never 5xx."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from tests.support.bureaus import account
from tests.support.callers import CSV, HOME, Api
from tests.support.client import Client

CHARACTERS = ("\x00", "\x1b", "\ufffe", "\x7f")
LEDGER = "单位编码,单位名称,单位类型\n431382-HOST-1,某镇,乡镇街道\n".encode()
ADDRESSES = (
    "/v1/units/{}", "/v1/units/{}/revisions", "/v1/units/{}/actions", "/v1/imports/{}", "/v1/imports/{}/rows",
    "/v1/rounds/{}/work-list", "/v1/accounts/{}", "/v1/clients/{}", "/v1/api-keys/{}", "/v1/errors/{}",
    "/docs/assets/{}", "/v1/{}", "/{}",
)  # fmt: skip
PARAMETERS = (
    "/v1/units?q={}", "/v1/units?state={}", "/v1/units?number={}", "/v1/units?parent_number={}", "/v1/units?cursor={}",
    "/v1/units?sort={}", "/v1/units?limit={}", "/v1/findings?found_on_from={}&round_number=x", "/v1/units?{}=1",
    "/v1/access-log?kind={}", "/v1/access-log?principal={}", "/v1/accounts?cursor={}", "/v1/revisions?type={}",
    "/v1/imports?type={}", "/v1/units/x?purpose={}", "/v1/units/x/revisions/1/diff?from={}",
)  # fmt: skip


def forms(character: str) -> Iterator[dict[str, str]]:
    good = {"grant_type": "password", "username": "office", "password": "x"}
    for name in good:
        yield good | {name: f"a{character}b"}
    yield {"grant_type": "client_credentials", "client_id": f"a{character}b", "client_secret": "x"}


def multipart(name: bytes, media: bytes = b"text/csv", member: bytes = b"file") -> dict[str, Any]:
    head = b'--x\r\nContent-Disposition: form-data; name="' + member + b'"; filename="' + name + b'"\r\n'
    body = head + b"Content-Type: " + media + b"\r\n\r\n" + LEDGER + b"\r\n--x--\r\n"
    return {"content": body, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}


@pytest.mark.parametrize("character", CHARACTERS)
async def test_in_an_address_or_a_parameter(character: str, office: Api, admin: Api, auditor: Api) -> None:
    for api in (office, admin, auditor):
        for address in (*ADDRESSES, *PARAMETERS):
            answer = await api.get(address.format(quote(f"a{character}b")))
            assert answer.status_code < 500, (address, answer.text)


@pytest.fixture(scope="module")
async def auditor(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Api]:
    name = await account(database.application_url, "hostile-auditor", "auditor", HOME)
    async with Api.signed_in(service, name) as api:
        yield api


@pytest.mark.parametrize("character", CHARACTERS)
async def test_in_the_form_of_a_token(character: str, anonymous: Client) -> None:
    for form in forms(character):
        answer = await anonymous.post("/v1/oauth/token", data=form)
        assert answer.status_code in (400, 401), answer.text


@pytest.mark.parametrize(
    "name",
    [b"a\x00b.csv", b"a%00b.csv", b"\xff\xfe.csv", b"\xed\xa0\x80.csv", b"a\x1b[2J.csv", b"\x00.csv",
     b"a" * 5000 + b".csv", b"../../a.csv", b"a\\\".csv"],
)  # fmt: skip
async def test_in_the_name_of_a_file(name: bytes, office: Api) -> None:
    for given in (multipart(name), multipart(b"a.csv", media=name), multipart(b"a.csv", member=name)):
        answer = await office.post("/v1/imports?type=units", **given)
        assert answer.status_code in (202, 400, 415, 422), answer.text
        if answer.status_code == 202:
            kept = (await office.read(answer.headers["location"]))["file_name"]
            assert kept is None or kept.isprintable(), kept
    for value in (b'attachment; filename="' + name + b'"', b"attachment; filename*=UTF-8''" + quote(name).encode()):
        headers = {b"Content-Type": CSV.encode(), b"Content-Disposition": value.replace(b"\x00", b"%00")}
        answer = await office.post("/v1/imports?type=units", content=LEDGER, headers=headers)
        assert answer.status_code in (202, 400), answer.text
        if answer.status_code == 202:
            kept = (await office.read(answer.headers["location"]))["file_name"]
            assert kept is None or kept.isprintable(), kept


async def test_in_a_header(office: Api, anonymous: Client) -> None:
    for name in ("If-Match", "If-None-Match", "Accept-Language", "X-Request-Id", "Content-Type", "Idempotency-Key"):
        for value in ("a\tb", "é", '"' * 5000, "1" * 40):
            answer = await office.patch("/v1/units/x", content=b"{}", headers={name: value.encode("latin-1")})
            assert answer.status_code < 500, (name, value, answer.text)
    for value in (b"Basic YQBiOmMAZA==", b"Bearer a\xffb", b"Bearer ledger_a\x01b", b"Basic /////w=="):
        answer = await anonymous.get("/v1/me", headers={"Authorization": value})
        assert answer.status_code == 401, answer.text
        form = {"grant_type": "client_credentials"}
        answer = await anonymous.post("/v1/oauth/token", data=form, headers={"Authorization": value})
        assert answer.status_code in (400, 401), answer.text


async def test_in_the_bodies_of_accounts(admin: Api) -> None:
    whole = {"username": "hostile", "password": "a long one, and good", "role": "inspection_office",
             "jurisdiction": "431382"}  # fmt: skip
    for name in whole:
        for character in ("\x00", "\ud800"):
            body = json.dumps(whole | {name: f"a{character}b"}).encode()
            answer = await admin.post("/v1/accounts", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422), (name, answer.text)
