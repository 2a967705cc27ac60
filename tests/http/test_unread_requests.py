"""What the server cannot or will not read as a request: refused with a problem document, like everything else."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sentences import SENTENCES
from tests.cli.running import LAST_WORDS, Running, running
from tests.conftest import Prepared


@pytest.fixture(scope="module")
def served(folder: Path, prepared: Prepared) -> Iterator[Running]:
    """A service as it is shipped, which knows a proxy that nobody here is."""
    with running(
        "serve", prepared(folder / "unread"), LEDGER_TRUSTED_PROXIES="10.9.8.7", LEDGER_SIGN_INS_PER_ADDRESS="1"
    ) as service:
        service.until(LAST_WORDS)
        yield service
        service.stop()


def answered(service: Running, *parts: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, header fields and body of what the server says to these bytes."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as client:
        for part in parts:
            client.sendall(part)
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    headers = dict(field.lower().split(": ", 1) for field in fields)
    return int(status.split()[1]), headers, body


HOST = b"Host: ledger\r\nConnection: close\r\n"
CASES = {
    "address_too_long": (b"GET /v1/units?q=" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",),
    "address_too_long far": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",),
    "address_too_long unended": (b"GET /" + b"a" * 60_000, b"a" * 60_000),
    "headers_too_long": (b"GET / HTTP/1.1\r\n" + HOST + b"X-Y: " + b"a" * 70_000 + b"\r\n\r\n",),
    "headers_too_long many": (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: a=b; c=d\r\n" * 9000 + b"\r\n",),
    "headers_too_long unended": (b"GET / HTTP/1.1\r\n" + HOST + b"X-Y: ", b"a" * 40_000, b"a" * 40_000),
    "malformed_request": (b"nothing of the kind\r\n\r\n",),
    "malformed_request twice": (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",),
    "malformed_request not ascii": ("GET /单位 HTTP/1.1\r\n".encode() + HOST + b"\r\n",),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_a_problem_document(case: str, served: Running) -> None:
    status, headers, body = answered(served, *CASES[case])
    code = case.split()[0]
    problem = json.loads(body)
    assert (problem["code"], problem["status"], status) == (code, SENTENCES[code].status, SENTENCES[code].status)
    assert headers["content-type"] == "application/problem+json" and int(headers["content-length"]) == len(body)
    assert problem["instance"] == f"urn:request:{headers['x-request-id']}"
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_what_is_long_and_not_too_long_is_answered(served: Running) -> None:
    for parts in (
        (b"GET /v1/errors?" + b"a" * 15_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",),
        (b"GET /v1/errors HTTP/1.1\r\n" + HOST + b"X-Y: ", b"a" * 30_000, b"\r\nX-Z: " + b"a" * 20_000 + b"\r\n\r\n"),
        (b"POST /v1/oauth/token HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n", b"a" * 50_000, b"a" * 50_000),
    ):
        assert answered(served, *parts)[0] in (200, 400, 415), parts[0][:80]


def test_an_address_that_is_only_said_to_be_the_callers_is_not_believed(served: Running) -> None:
    """Of one address one sign-in a minute is taken here. The caller names another address each time."""
    form = b"grant_type=password&username=nobody&password=x"
    statuses = []
    for n in range(3):
        head = b"POST /v1/oauth/token HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 192.0.2.%d\r\n" % n
        head += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form)
        statuses.append(answered(served, head, form)[0])
    assert statuses[1:] == [429, 429]
    assert answered(served, b"GET /metrics HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 127.0.0.1\r\n\r\n")[0] == 404


def test_a_proxy_that_the_setting_names_is_believed(folder: Path, prepared: Prepared) -> None:
    place = prepared(folder / "proxied")
    with running("serve", place, LEDGER_TRUSTED_PROXIES="127.0.0.0/8", LEDGER_SIGN_INS_PER_ADDRESS="1") as service:
        service.until(LAST_WORDS)
        form = b"grant_type=password&username=nobody&password=x"
        for n, status in ((1, 401), (2, 401), (2, 429)):
            head = b"POST /v1/oauth/token HTTP/1.1\r\n" + HOST + b"X-Forwarded-For: 6.6.6.6, 192.0.2.%d\r\n" % n
            head += b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form)
            assert answered(service, head, form)[0] == status, n
        assert service.stop() == 0
