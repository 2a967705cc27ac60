"""A key that is none is told before anything else of the request, but after who asks, on every route that writes."""

from typing import Any

import pytest

from tests.support.callers import Api
from tests.support.client import Client
from tests.support.documented import DOCUMENT
from tests.support.retrying import refused

WRITES = [
    (method.upper(), path)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if any(p["name"] == "Idempotency-Key" for p in operation.get("parameters", ()))
]
NONSENSE: dict[str, Any] = {
    "content": b"{",
    "headers": [(b"idempotency-key", b"two words"), (b"content-type", b"text/x")],
}


def place(path: str) -> str:
    """The path with names that nobody has."""
    return "/".join("nobody" if part.startswith("{") else part for part in path.split("/")) + "?what=else"


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_bad_key_is_told_first(method: str, path: str, admin: Api, anonymous: Client) -> None:
    answer = await admin.request(method, place(path), **NONSENSE)
    assert refused(answer) == (400, "bad_idempotency_key")
    assert refused(await anonymous.request(method, place(path), **NONSENSE)) == (401, "unauthenticated")


def test_every_route_that_writes_is_among_them() -> None:
    assert len(WRITES) > 100 and ("POST", "/v1/accounts") in WRITES and ("POST", "/v1/imports") in WRITES
