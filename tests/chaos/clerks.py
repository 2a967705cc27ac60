"""Clerks who write all the time: findings, what is done with them, opinions, imports. What they are told is noted."""

import asyncio
import itertools
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx

from tests.chaos.book import ABSENT, ACKNOWLEDGED, REFUSED, UNKNOWN, UNSENT, Book, Write
from tests.chaos.callers import Callers
from tests.support.callers import HOME, PATCH
from tests.support.ledgers import FINDING, delimited

ROWS = 25  # of an import
BACK_SECONDS = 90  # the clerks can work again, or the round has failed
OPEN = ("received", "checking", "committing")
IMPORT_SECONDS = 25  # for an import that runs to end; its job may have to be picked again, after 10 s
NOT_SAVED = (429, 503)  # these answers may say that nothing was saved; every other 5xx says nothing
# 503 whose sentence leaves the outcome open.
OUTCOME_OPEN = ("outcome_unknown", "service_ended")
UNDER_WAY = "idempotency_key_in_use"  # a session that lost its service holds the key until Postgres notices
REPEATS = 50
_marks = itertools.count(1)


class Desk:
    """Where the clerks of one round sit: their round's records, and what they were told."""

    def __init__(self, callers: Callers, book: Book, number: int) -> None:
        self.callers, self.book, self.number = callers, book, number
        self.told: Counter[str] = Counter()
        self.struck_at = 0.0
        self.back_after: float | None = None  # seconds from the fault to the next acknowledged write
        self.acknowledged = 0
        self.closing = asyncio.Event()
        self.frame: dict[str, str] = {}

    async def open(self) -> None:
        """A round, a team and a category of their own."""
        year, sequence = 2000 + self.number // 99, 1 + self.number % 99
        await self.made("rounds", year=year, sequence=sequence, kind="special", theme="扶贫", starts_on="2017-04-10")
        await self.made("teams", round_number=self.round, name="第一巡察组", head_name="组长甲01")
        await self.made(
            "finding-categories", round_number=self.round, phase="feedback", code="A", name="作风建设不扎实"
        )

    async def made(self, path: str, **body: Any) -> None:
        """A record of the frame, made while all is quiet."""
        answer = await self.callers.http["office"].post(f"/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        self.frame[path] = answer.json()["number"]

    @property
    def round(self) -> str:
        """The number of the round's record."""
        return self.frame["rounds"]

    def mark(self) -> str:
        """A word that stands nowhere else."""
        return f"chaos-{self.number}-{next(_marks)}."

    async def write(self, kind: str, path: str, body: Any, mark: str, version: int = 0, record: str = "") -> Any:
        """Send a write, note what was sent before and what was told after. The record, if it was acknowledged."""
        key = mark if self.callers.keys else ""
        intent = Write(self.number, kind, path, record, mark, body, version, key)
        return await self.send(self.book.intend(intent))

    async def send(self, write: Write) -> Any:
        """Send it, also once more; the record, if it was acknowledged."""
        headers = {"If-Match": f'"{write.version}"'} if write.version else {}
        if write.key:
            headers["Idempotency-Key"] = f'"{write.key}"'
        method, caller = ("PATCH" if write.kind == "change" else "POST"), "office"
        sent: dict[str, Any] = {"json": write.body}
        if write.kind == "change":
            headers["Content-Type"] = PATCH
        if write.kind == "import":
            caller, sent = "loader", {"content": write.body.encode(), "params": {"type": "findings", "mode": "commit"}}
            headers["Content-Type"] = "text/csv"
        begun = time.monotonic()
        try:
            answer = await self.callers.http[caller].request(method, f"/v1/{write.path}", headers=headers, **sent)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            self._tell("no connection")
            self.book.learn(write, UNSENT)
            return None
        except httpx.HTTPError as problem:
            self._tell(f"connection lost ({type(problem).__name__})")
            self.book.learn(write, UNKNOWN)
            return None
        return self._answered(write, answer, begun)

    def _answered(self, write: Write, answer: httpx.Response, begun: float) -> Any:
        document = answer.json() if answer.headers.get("content-type", "").endswith("json") else {}
        if answer.is_success:
            self.acknowledged += 1
            if self.back_after is None and 0 < self.struck_at < begun:
                self.back_after = time.monotonic() - self.struck_at
            made = document.get("number", document.get("id", ""))
            self.book.learn(write, ACKNOWLEDGED, status=answer.status_code, made=made)
            return document
        code = document.get("code", "")
        self._tell(f"{answer.status_code} {code}")
        says_nothing = answer.status_code >= 500 and (answer.status_code not in NOT_SAVED or code in OUTCOME_OPEN)
        self.book.learn(write, UNKNOWN if says_nothing else REFUSED, status=answer.status_code, code=code)
        return None

    def _tell(self, what: str) -> None:
        self.told[what] += 1

    async def acknowledges(self, more: int) -> None:
        """Wait until so many more writes were acknowledged. Raises AssertionError if the clerks cannot work."""
        wanted, until = self.acknowledged + more, time.monotonic() + BACK_SECONDS
        while self.acknowledged < wanted:
            assert time.monotonic() < until, f"the clerks cannot work: {dict(self.told)}"
            await asyncio.sleep(0.01)

    # What a clerk does

    def finding(self, mark: str) -> dict[str, Any]:
        """The body of a finding."""
        return {
            "round_number": self.round, "team_number": self.frame["teams"], "unit_number": f"{HOME}-U045",
            "category_number": self.frame["finding-categories"], "title": "责任书签订流于形式",
            "description": "抽查发现，责任书签订流于形式。", "found_on": "2017-05-14", "note": mark,
        }  # fmt: skip

    async def clerk(self) -> None:
        """Enter findings and bring them to their end, until the round closes. What fails is left as it is."""
        while not self.closing.is_set():
            if not await self._case():
                await asyncio.sleep(0.2)

    async def _case(self) -> bool:
        """One finding with its two opinions; False where a write was not acknowledged."""
        mark = self.mark()
        finding = await self.write("create", "findings", self.finding(mark), mark)
        for kind in ("change", "feed_back"):
            finding = finding and await self._on(finding, "findings", kind)
        opinions = [finding and await self._opinion(finding) for _ in range(2)]
        if not all(opinions):  # one that is unknown may be written later, and is not to meet a finding that is done
            return False
        for kind in ("accept", "complete"):
            opinions = await asyncio.gather(*(self._on(o, "rectification-opinions", kind) for o in opinions if o))
        return all(opinions)

    async def _opinion(self, finding: Any) -> Any:
        mark = self.mark()
        body = {"round_number": self.round, "finding_number": finding["number"], "unit_number": f"{HOME}-U045",
                "text": "重新签订责任书。", "note": mark}  # fmt: skip
        return await self.write("create", "rectification-opinions", body, mark)

    async def _on(self, record: Any, path: str, kind: str) -> Any:
        """Change a record, or act on it."""
        mark = self.mark()
        body: dict[str, Any] = {
            "change": {"basis": mark},
            "feed_back": {"on": "2017-06-09"},
            "accept": {"due_on": "2017-08-08", "measures": [mark], "responsible_person": "责任人甲01"},
            "complete": {"on": "2017-07-19", "result": mark},
        }[kind]
        place = f"{path}/{record['number']}" + ("" if kind == "change" else f"/actions/{kind}")
        return await self.write(kind, place, body, mark, record["version"], record["number"])

    async def importer(self) -> None:
        """Import one small ledger after the other, until the round closes."""
        while not self.closing.is_set():
            await self.import_once()
            await asyncio.sleep(0.3)

    async def import_once(self) -> Write:
        """Send a ledger and wait for its end, if it was received."""
        marks = [self.mark() for _ in range(ROWS)]
        cells = [[self.round, "第一巡察组", "龙泉镇", "作风建设不扎实", f"标题{n}", "表现", "2017-05-14", mark]
                 for n, mark in enumerate(marks)]  # fmt: skip
        text = delimited([[*FINDING[1:], "备注"], *cells]).decode()
        intent = Write(self.number, "import", "imports", "", self.mark(), text, rows=marks)
        intent.key = intent.mark if self.callers.keys else ""
        if await self.send(self.book.intend(intent)):
            await self.import_ended(intent)
        return intent

    async def import_ended(self, write: Write, patient: bool = False) -> Any:
        """What became of an import that was received; None if nobody tells in time, or before the round closes."""
        until = time.monotonic() + IMPORT_SECONDS
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):
                answer = await self.callers.http["loader"].get(f"/v1/imports/{write.made}")
                if answer.is_success and (found := answer.json())["state"] not in OPEN:
                    self.book.learn(write, write.outcome, code=found["state"])
                    return found
            if self.closing.is_set() and not patient:
                return None
            await asyncio.sleep(0.1)
        return None

    # Afterwards

    async def settle(self, write: Write, committed: bool) -> None:
        """Find out about a write whose outcome is unknown: repeat it with its key, or else ask whether it is there."""
        if committed and not write.key:
            self.book.learn(write, ACKNOWLEDGED)
        elif not write.key:
            self.book.learn(write, ABSENT)
        else:
            for _ in range(REPEATS):
                await self.send(write)
                if write.code != UNDER_WAY:
                    break
                await asyncio.sleep(0.2)
