"""Calls a running service over HTTP with a token. On a refusal it prints the sentences of the service."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.cli.words import Stop

TIMEOUT_SECONDS = 60
NOT_NOW = (429, 502, 503, 504)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def address(host: str, port: int) -> str:
    """Where a client on this machine finds a service that listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Refused(Stop):
    """An answer that is a problem document."""

    def __init__(self, response: httpx.Response) -> None:
        problem = _problem(response)
        self.status_code = response.status_code
        self.code = str(problem.get("code", ""))
        details = [str(problem.get("detail") or f"HTTP {response.status_code}")]
        for field_error in problem.get("errors", []):
            allowed = f" ({', '.join(field_error['allowed'])})" if field_error.get("allowed") else ""
            details.append(f"{field_error.get('pointer', '')} {field_error.get('message', '')}{allowed}")
        details += [placed(row) for row in problem.get("moved", [])]
        super().__init__("\n  ".join(details), f"{response.status_code} {self.code}".strip())


def placed(row: dict[str, Any]) -> str:
    """Where a row of a ledger stands, and its number."""
    sheet = f"“{row['sheet']}”" if row.get("sheet") else ""
    return f"{sheet}第 {row.get('row')} 行 row {row.get('row')} {row.get('number') or ''}".rstrip()


class SignIn(httpx.Auth):
    """Signs in when the first request needs it, and again when the token has expired."""

    def __init__(self, url: str, username: str, password: str, token: str = "") -> None:
        self._url, self._username, self._password, self._token = url, username, password, token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """httpx hands over the request; we may send others before and after it."""
        if not self._token:
            yield from self._signing_in()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401 and self._password and request.method == "GET":  # an upload cannot be sent twice
            yield from self._signing_in()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _signing_in(self) -> Generator[httpx.Request, httpx.Response, None]:
        form = {"grant_type": "password", "username": self._username, "password": self._password}
        response = yield httpx.Request("POST", f"{self._url}/v1/oauth/token", data=form)
        response.read()  # of other answers the body is left to whoever asked: it may be a file
        if not response.is_success:
            raise Refused(response)
        self._token = str(response.json()["access_token"])


def client(url: str, username: str = "", password: str = "", token: str = "") -> httpx.Client:
    """A client that signs in with its first request. For an address on this machine it uses no proxy."""
    url = url.rstrip("/")
    away = urlsplit(url).hostname not in LOOPBACK
    return httpx.Client(
        base_url=url, auth=SignIn(url, username, password, token), timeout=TIMEOUT_SECONDS, trust_env=away
    )


def answer(response: httpx.Response) -> Any:
    """The document of a successful answer. Raises Refused."""
    if not response.is_success:
        raise Refused(response)
    try:
        return response.json()
    except ValueError:
        raise Refused(response) from None


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Stop with a sentence if nothing answers at this address."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Stop(
            f"连不上 {url}（{problem or type(problem).__name__}），请检查服务是否在运行、--url 是否正确。",
            f"{url} does not answer: check that the service runs, and --url.",
        ) from None


def patiently(http: httpx.Client, path: str, ending: threading.Event) -> Any:
    """GET. Tries again for a minute while the service restarts or is overloaded, unless `ending` is set."""
    return persistently(lambda: http.get(path), ending)


def persistently(ask: Callable[[], httpx.Response], ending: threading.Event, *, reached: bool = True) -> Any:
    """The document of an answer (`insistently`). Raises Refused."""
    return answer(insistently(ask, ending, reached=reached))


def insistently(ask: Callable[[], httpx.Response], ending: threading.Event, *, reached: bool = True) -> httpx.Response:
    """The answer. Asks again for a minute while none comes, or none but that it cannot be done now.

    Whoever asks again for a write gives it an Idempotency-Key; while the write is under way, that is waited for, too.
    reached   whether the service was there before: otherwise one that does not listen is not waited for
    """
    deadline = None
    while True:
        try:
            response = ask()
        except httpx.TransportError as problem:
            if ending.is_set() or _past(deadline) or (isinstance(problem, httpx.ConnectError) and not reached):
                raise
        else:
            under_way = _problem(response).get("code") == "idempotency_key_in_use" if response.is_error else False
            if (response.status_code not in NOT_NOW and not under_way) or _past(deadline):
                return response
        reached, deadline = True, deadline or time.monotonic() + TIMEOUT_SECONDS
        ending.wait(0.5)


def _past(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
