"""Many callers of two jurisdictions at once on few connections, and whatever of it reached the wrong one.

Every text holds a word that says whose it is: of which jurisdiction, and which roles there may see it. Every request
has an identifier that says who made it, and every write puts it into the record's note.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from tests.support.callers import CSV, HOME, NEIGHBOUR, PATCH, Api
from tests.support.client import Answer

CODES = (HOME, NEIGHBOUR)
PARTS = {"unit": "名录", "team_a": "甲组", "team_b": "乙组", "clue": "线索", "person": "人员"}
ROUND = ("unit", "team_a", "team_b")
SEES: Mapping[str, tuple[str, ...]] = {
    "office": (*ROUND, "clue"), "second": (*ROUND, "clue"), "leaders": (*ROUND, "clue"),
    "team_a": ("unit", "team_a", "clue"), "team_b": ("unit", "team_b"),
    "supervision": ("unit", "person"), "inspected": ("unit",),
}  # fmt: skip
PATHS = {"unit": "units", "team_a": "findings", "team_b": "findings", "clue": "clues", "person": "persons"}
LOGGED = ("clues", "persons")
WRITES: Mapping[str, tuple[str, ...]] = {
    "office": ("unit",), "second": ("unit",), "team_a": ("team_a", "clue"), "team_b": ("team_b",),
    "supervision": ("person",),
}  # fmt: skip


def word(code: str, part: str) -> str:
    """What stands in texts of this part of a jurisdiction, and nowhere else."""
    return f"{'赤松' if code == HOME else '白石'}{PARTS[part]}字"


@dataclass
class Person:
    """A caller: what it may see of its own jurisdiction, and nothing of the other."""

    who: str
    code: str
    account: str
    role: str
    token: str

    @property
    def forbidden(self) -> list[str]:
        """The words that no answer to it may hold."""
        return [word(c, p) for c in CODES for p in PARTS if c != self.code or p not in SEES[self.who]]


@dataclass
class Made:
    """What stands in a jurisdiction: a record of each part, and what writes refer to."""

    records: dict[str, Any]
    round_number: str
    category_number: str
    unit_number: str


@dataclass
class Call:
    """One request, and the answers that are right. `body` says that it writes."""

    method: str
    url: str
    right: tuple[int, ...]
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    about: str = ""  # the record that is read or changed


@dataclass
class Load:
    """A run of the load over one service: `leaks` is what went to the wrong one, in words."""

    app: ASGIApp
    made: Mapping[str, Made]
    prefix: str
    seed: int = 7
    arranging: ASGIApp | None = None  # the service by which records are made that the load changes
    leaks: list[str] = field(default_factory=list)
    seen: Counter[Any] = field(default_factory=Counter)
    answered: dict[str, tuple[Person, Call, Any]] = field(default_factory=dict)

    async def run(self, people: list[Person], each: int) -> None:
        """All requests of all callers at once, in no order; a part is cancelled on its way."""
        order = random.Random(self.seed)  # the same mixture each time
        work = []
        for person in people:
            fresh = [await self._fresh(person, n) for n in range(each // 4)] if person.who in WRITES else []
            calls = [self._call(person, n, order, fresh) for n in range(each)]
            work += [(person, n, call, order.random() * 0.2 if n % 6 == 5 else None) for n, call in enumerate(calls)]
        order.shuffle(work)
        imports = [self._import(p) for p in people if p.who == "office"]
        await asyncio.gather(*(self._send(*w) for w in work), *imports)

    def client(self, person: Person) -> Api:
        """The caller at the service of this run."""
        return Api(self.app, headers=authorized(person))

    async def _fresh(self, person: Person, n: int) -> Any:
        """A record of its own, which nobody else changes; its words are those of its part."""
        part = WRITES[person.who][0]
        api = Api(self.arranging or self.app, headers=authorized(person))
        return await api.write(f"/v1/{PATHS[part]}", self._body(person, part, f"fresh-{n:04}"))

    def _body(self, person: Person, part: str, request: str) -> dict[str, Any]:
        its, text = self.made[person.code], word(person.code, part)
        if part == "unit":
            return {"name": f"{text}{request}", "kind": "other", "note": request}
        if part == "person":
            return {"name": text, "unit_number": its.unit_number, "post": text, "note": request}
        given = {"round_number": its.round_number, "note": request}
        if part == "clue":
            return {**given, "source": "petition", "summary": text, "registered_on": "2017-05-20"}
        place = {"unit_number": its.unit_number, "category_number": its.category_number}
        return {**given, **place, "title": text, "description": text, "found_on": "2017-05-14"}

    def _call(self, person: Person, n: int, order: random.Random, fresh: list[Any]) -> Call:
        request = f"{self.prefix}-{person.account}-{n:03}"
        kinds = (self._read, self._read, self._list, self._foreign)
        if person.who not in WRITES or n % 2:
            return order.choice(kinds)(person, order)
        part = WRITES[person.who][0]
        path, body = PATHS[part], self._body(person, part, request)
        if n % 4 == 0 and fresh:
            return _change(path, fresh.pop(), request)
        if n % 8 == 2:
            return self._failing(person, order, path, body)
        part = order.choice(WRITES[person.who])
        return Call("POST", f"/v1/{PATHS[part]}", (201,), self._body(person, part, request), path=PATHS[part])

    def _read(self, person: Person, order: random.Random) -> Call:
        part = order.choice(list(PARTS))
        found, one = part in SEES[person.who], self.made[person.code].records[part]["id"]
        suffix = order.choice(("", "/revisions", "/actions", "/revisions/1"))
        path = PATHS[part]
        entered = "" if suffix == "/actions" else one  # nothing that stands in the record is answered
        return Call("GET", f"/v1/{path}/{one}{suffix}", (200 if found else 404,), path=path, about=entered)

    def _list(self, person: Person, order: random.Random) -> Call:
        if order.random() < 0.3:
            return Call("GET", f"/v1/rounds/{self.made[person.code].round_number}/work-list", (200, 403, 404))
        part = order.choice(list(PARTS))
        return Call("GET", f"/v1/{PATHS[part]}?limit=100&q={word(person.code, part)[:2]}", (200, 403))

    def _foreign(self, person: Person, order: random.Random) -> Call:
        other = next(c for c in CODES if c != person.code)
        part = order.choice(list(PARTS))
        if order.random() < 0.3:
            return Call("GET", f"/v1/units?q={word(other, 'unit')}", (200,))
        return Call("GET", f"/v1/{PATHS[part]}/{self.made[other].records[part]['id']}", (404,))

    def _failing(self, person: Person, order: random.Random, path: str, body: dict[str, Any]) -> Call:
        """A write that is refused: from an old version, with a number that is taken, with a reference to the other."""
        own, other = self.made[person.code], self.made[next(c for c in CODES if c != person.code)]
        part = WRITES[person.who][0]
        way = order.choice(("stale", "foreign", "taken"))
        if way == "stale":
            return _change(path, {**own.records[part], "version": 77}, body["note"], 412)
        if way == "taken" and path == "units":
            return Call("POST", "/v1/units", (409,), {**body, "number": own.unit_number}, path=path)
        reference = "parent_number" if path == "units" else "unit_number"
        return Call("POST", f"/v1/{path}", (422,), {**body, reference: other.unit_number}, path=path)

    async def _send(self, person: Person, n: int, call: Call, gone_after: float | None) -> None:
        request = f"{self.prefix}-{person.account}-{n:03}"
        headers = {"X-Request-Id": request, **call.headers}
        api = self.client(person)
        content = None if call.body is None else json.dumps(call.body)
        headers |= {"Content-Type": "application/json"} if content and "Content-Type" not in headers else {}
        task = asyncio.create_task(api.request(call.method, call.url, content=content, headers=headers))
        if gone_after is not None:
            await asyncio.sleep(gone_after)
            task.cancel()
        try:
            answer = await task
        except asyncio.CancelledError:
            self.seen["cancelled"] += 1
            return
        if gone_after is not None and answer.status_code == 503:  # as at the end of the service: nobody reads it
            self.seen["cancelled"] += 1
            return
        self.seen[answer.status_code] += 1
        self._look(person, request, call, answer)

    def _look(self, person: Person, request: str, call: Call, answer: Answer) -> None:
        if answer.status_code not in call.right:
            self.leaks.append(f"{request} {call.method} {call.url}: {answer.status_code}, not {call.right}")
            return
        self.leaks += [f"{request} was answered {w}" for w in person.forbidden if w in answer.text]
        if answer.status_code in (200, 201) and call.path:
            self.answered[request] = (person, call, answer.json())
        if answer.status_code in (200, 201) and call.body is not None:
            document = answer.json()
            who = document["updated_by"]
            if (document["note"], who) != (request, person.account):
                self.leaks.append(f"{request} was answered what {who} wrote in {document['note']}")

    async def _import(self, person: Person) -> None:
        """A ledger of units on its way in between: its rows are its maker's, too."""
        text = word(person.code, "unit")
        rows = "".join(f"{person.code}-{self.prefix}{n},{text}{self.prefix}{n},乡镇街道\n" for n in range(20))
        request = f"{self.prefix}-{person.account}-import"
        api = self.client(person)
        api.headers["X-Request-Id"] = request
        try:
            imported = await api.import_file(f"单位编码,单位名称,单位类型\n{rows}".encode(), CSV, type="units")
            told = json.dumps([imported, await api.rows(imported)], ensure_ascii=False)
            assert imported["state"] == "committed", told
        except AssertionError as problem:
            self.leaks.append(f"{request}: {problem}")
            return
        self.leaks += [f"{request} was answered {w}" for w in person.forbidden if w in told]


def authorized(person: Person) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {person.token}"}


def _change(path: str, record: Any, request: str, right: int = 200) -> Call:
    headers = {"If-Match": f'"{record["version"]}"', "Content-Type": PATCH}
    return Call("PATCH", f"/v1/{path}/{record['id']}", (right,), {"note": request}, headers, path, record["id"])
