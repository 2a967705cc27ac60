"""Callers: a client that is signed in, and a few calls that tests make all the time."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.client import Answer, Client

HOME, NEIGHBOUR, PASSWORD = "431382", "431381", "test-password-1"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, NDJSON, PATCH = "text/csv", "application/x-ndjson", "application/merge-patch+json"


OFFICE, SUPERVISION, LOADER, LEADERS, UNIT = "office", "supervision", "loader", "leaders", "unit"
# Who keeps the records of a type, where that is not the inspection office; of several the first that sees the record.
KEEPERS = {
    "persons": (SUPERVISION,),
    "case-filings": (SUPERVISION,),
    "accountability-decisions": (SUPERVISION,),
    "admonishments": (SUPERVISION,),
    "judicial-referrals": (SUPERVISION,),
    "letters": (SUPERVISION,),
    "rectification-reports": (UNIT,),
    "imports": (LOADER,),
}
CONFIRMED_BY_LEADERS = ("confirm_merge", "decline_merge")
# Of a clue that nobody reads any more: its keepers have none of them, and it takes a merger to try them.
UNREAD = ("rehold", "confirm_rehold", "decline_rehold")
CLUE = (SUPERVISION, OFFICE)  # transferred clues are case supervision's, the others those of the office
SIGNED = ("receive", "give_back", "feed_back")  # by the receiver of a transfer, if it has an account


def keepers(method: str, path: str) -> tuple[str, ...]:
    """The colleagues whose work a request is, most likely first."""
    segments = path.strip("/").split("/")
    if segments[-1] in CONFIRMED_BY_LEADERS:
        return (LEADERS,)
    if segments[-1] == "examine":
        return (OFFICE,)
    of_one = len(segments) > 2 and segments[1] == "clues"
    signs = segments[1:2] == ["clue-transfers"] and segments[-1] in SIGNED
    return CLUE if of_one or signs else KEEPERS.get(segments[1] if len(segments) > 1 else "", (OFFICE,))


class Colleagues:
    """Signs each request in as the colleague whose work it is."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self.tokens = tokens

    def __call__(self, method: str, path: str) -> list[str]:
        """The tokens of those whose work the request may be."""
        return [self.tokens[who] for who in keepers(method, path)]


class Api(Client):
    """A signed-in caller. Of a bureau, `unit` is that of its case supervision, and `names` are its accounts."""

    unit: Any = None
    reporting: Any = None  # the unit whose reports are written
    username: str = ""
    names: Mapping[str, str] = {}
    tokens: Mapping[str, str] = {}

    def __init__(self, app: Any, **rest: Any) -> None:
        super().__init__(app, **rest)
        self.register: dict[str, Any] = {}  # the unit and the person that records refer to, once there are any

    def writer(self, path: str) -> str:
        """The account that enters records of this type."""
        return self.names[keepers("POST", f"/v1/{path}")[0]]

    def acting(self, who: str) -> Colleagues:
        """Signs a request in as one colleague of the bureau."""
        return Colleagues(dict.fromkeys(self.tokens, self.tokens[who]))

    async def keeper_sees(self, kept: str, place: str, member: str) -> bool:
        """Whether the colleague who keeps the record at `kept` also sees that at `place`, and this member of it."""
        for who in keepers("GET", kept):
            auth = self.acting(who)
            if (await self.get(kept, auth=auth)).status_code == 200:
                seen = await self.get(place, auth=auth)
                return seen.status_code == 200 and member not in seen.json()["masked"]
        raise AssertionError(f"nobody keeps {kept}")

    @classmethod
    @asynccontextmanager
    async def bureau(cls, app: Any, names: Mapping[str, str]) -> AsyncIterator["Api"]:
        """The whole bureau of a jurisdiction as one caller, by the accounts of its colleagues."""
        tokens = {}
        for who, username in names.items():
            async with cls.signed_in(app, username) as api:
                tokens[who] = api.headers["Authorization"].removeprefix("Bearer ")
        auth = Colleagues(tokens)
        api = cls(app, auth=auth)
        api.names, api.tokens = names, tokens
        yield api

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, app: Any, username: str) -> AsyncIterator["Api"]:
        """A caller with a token of this account."""
        api = cls(app)
        form = {"grant_type": "password", "username": username, "password": PASSWORD}
        token = (await api.post("/v1/oauth/token", data=form)).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        yield api

    async def read(self, path: str, **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = await self.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def write(self, path: str, body: Any, version: int | None = None) -> Any:
        """The record after a POST that must succeed."""
        headers = {"If-Match": f'"{version}"'} if version else {}
        answer = await self.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def change(self, record: Any, path: str, body: Any, version: int | None = None) -> Answer:
        """A PATCH from the record's version."""
        headers = {"If-Match": f'"{version or record["version"]}"', "Content-Type": PATCH}
        return await self.patch(f"/v1/{path}/{record['id']}", content=json.dumps(body), headers=headers)

    async def act(self, record: Any, path: str, action: str, **body: Any) -> Answer:
        """An action from the record's version."""
        headers = {"If-Match": f'"{record["version"]}"'}
        return await self.post(f"/v1/{path}/{record['id']}/actions/{action}", json=body, headers=headers)

    async def import_file(self, content: bytes | Path, media: str = XLSX, **query: Any) -> Any:
        """Sends a file and waits until the import has ended."""
        data = content.read_bytes() if isinstance(content, Path) else content  # noqa: ASYNC240  # a test may wait for its file
        answer = await self.post(
            "/v1/imports", params={"mode": "commit", **query}, content=data, headers={"Content-Type": media}
        )
        assert answer.status_code == 202, answer.text
        return await self.ended(answer.headers["location"])

    async def ended(self, location: str) -> Any:
        """The import when it is no longer under way."""
        for _ in range(1200):
            found = await self.read(location)
            if found["state"] not in ("received", "checking", "committing", "undoing", "redoing"):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"the import does not end: {found}")

    async def undo(self, imported: Any, action: str = "undo") -> Any:
        """The import after its undo, or its redo, has ended."""
        answer = await self.post(f"/v1/imports/{imported['id']}/actions/{action}")
        assert answer.status_code in (200, 202), answer.text
        return await self.ended(answer.headers["location"])

    async def undone(self, imported: Any, result: str | None = None) -> list[Any]:
        """What became of each record at the last undo or redo."""
        page = await self.read(
            f"/v1/imports/{imported['id']}/undo", limit="200", **({"result": result} if result else {})
        )
        return list(page["items"])

    async def rows(self, imported: Any, result: str | None = None) -> list[Any]:
        """Every row of an import."""
        params = {"limit": "200"} | ({"result": result} if result else {})
        items, cursor = [], None
        while True:
            page = await self.read(
                f"/v1/imports/{imported['id']}/rows", **params, **({"cursor": cursor} if cursor else {})
            )
            items += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return items

    async def every(self, path: str, **params: Any) -> list[Any]:
        """Every record of a list, page by page."""
        items, cursor = [], None
        while True:
            page = await self.read(f"/v1/{path}", limit="200", **params, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return items
