"""The accounts that a run has: the office, which writes and reads, and the loader, who imports."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.callers import PASSWORD


@dataclass
class Callers:
    """The office and the loader, signed in; and whether the service knows keys of repetition."""

    address: str
    http: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    keys: bool = False

    async def sign_in(self) -> None:
        """Sign in anew."""
        await self.leave()
        for name in ("office", "loader"):
            client = httpx.AsyncClient(base_url=self.address, trust_env=False, timeout=60)
            form = {"grant_type": "password", "username": name, "password": PASSWORD}
            answer = await client.post("/v1/oauth/token", data=form)
            assert answer.status_code == 200, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            self.http[name] = client

    async def look_for_keys(self) -> None:
        """Ask the document whether a repeated request may carry a key. It is made anew in each process: 2 s."""
        document = (await self.http["office"].get("/openapi.json", timeout=120)).json()
        named = document["paths"]["/v1/findings"]["post"].get("parameters", ())
        names = {p.get("name", p.get("$ref", "").rpartition("/")[2]).lower().replace("_", "-") for p in named}
        self.keys = "idempotency-key" in names

    async def leave(self) -> None:
        """Close the connections."""
        for client in self.http.values():
            await client.aclose()
        self.http.clear()

    async def read(self, path: str, **query: Any) -> Any:
        """A document that must be there."""
        answer = await self.http["office"].get(f"/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def every(self, path: str, **query: Any) -> list[Any]:
        """All records of a list."""
        found: list[Any] = []
        page = await self.read(path, limit=200, **query)
        while True:
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            page = await self.read(path, limit=200, cursor=page["next_cursor"], **query)
