"""Requests that are sent again: with a key, and as often as a test likes."""

import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.support.callers import PATCH
from tests.support.client import Answer, Client
from tests.support.problems import checked

_keys = itertools.count()


def fresh_key() -> str:
    """A value that no other test uses."""
    return f"key-{next(_keys)}"


def keyed(key: str, version: int | None = None, **more: str) -> dict[str, str]:
    """The header fields of a write with this key, from this version."""
    named = {"If-Match": f'"{version}"'} if version else {}
    return {"Idempotency-Key": key, **named, **more}


async def created(api: Client, path: str, body: Any, key: str, **rest: Any) -> Answer:
    """The answer to registering a record with this key."""
    return await api.post(f"/v1/{path}", json=body, headers=keyed(key), **rest)


async def changed(api: Client, path: str, record: Any, body: Any, key: str, **more: str) -> Answer:
    """The answer to a patch of the record's version with this key."""
    headers = keyed(key, record["version"], **{"Content-Type": PATCH, **more})
    return await api.patch(f"/v1/{path}/{record['id']}", content=json.dumps(body), headers=headers)


async def acted(api: Client, path: str, record: Any, action: str, body: Any, key: str, **rest: Any) -> Answer:
    """The answer to an action on the record's version with this key."""
    place = f"/v1/{path}/{record['id']}/actions/{action}"
    return await api.post(place, json=body, headers=keyed(key, record["version"]), **rest)


def replayed(answer: Answer) -> bool:
    """Whether the answer says that the request was carried out before."""
    return answer.headers.get("idempotent-replayed") == "true"


def refused(answer: Answer) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, checked(answer).json()["code"]


def same(first: Answer, again: Answer) -> bool:
    """Whether a replay gives the first answer byte for byte, and says that it is one."""
    alike = [(a.status_code, a.content, _told(a.headers)) for a in (first, again)]
    return alike[0] == alike[1] and replayed(again) and not replayed(first)


def _told(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("x-request-id", "idempotent-replayed")}


async def until_free(write: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer to a write that is sent again while it is told that it waited too long for a lock."""
    for _ in range(10):
        answer = await write()
        if answer.status_code != 503 or answer.json()["code"] != "locked":
            break
    return answer
