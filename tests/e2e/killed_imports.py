"""One import in one run: sent, followed and committed by a client that is killed, cut off, or loses its service."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from tests.e2e.conftest import Server
from tests.support.callers import CSV, HOME, XLSX
from tests.support.cut_wire import Wire
from tests.support.ledgers import FINDING, Rows, delimited, finding, workbook

OPEN = ("received", "checking", "committing")
CLIENT, CONNECTION, SERVICE = "client", "connection", "service"
NOT_NOW = (502, 503, 504)


class SignedOut(Exception):
    """The token of a client is no longer good: another client takes its place."""


@dataclass
class Stand:
    """A service behind a wire, and its database as a superuser sees it."""

    server: Server
    wire: Wire
    database: asyncpg.Connection
    token: str = ""
    usual: dict[int, float] = field(default_factory=dict)  # rows -> seconds that a run takes in which nothing happens

    async def sign_in(self) -> None:
        """As the loader, for all runs."""
        client = await asyncio.to_thread(self.server.client, "loader")
        self.token = client.headers["Authorization"]

    async def kill_service(self) -> None:
        """kill -9, and another in its place."""
        await asyncio.to_thread(self.server.kill)
        self.wire.break_all()
        await asyncio.to_thread(self.server.start)
        self.wire.url = self.server.address

    async def written(self, mark: str) -> tuple[int, int, int, int]:
        """How many findings of a run there are, with how many titles, their revisions, and their highest version."""
        found = await self.database.fetchrow(
            """select count(*), count(distinct title), coalesce(sum(version), 0), coalesce(max(version), 0)
            from finding where title like $1""",
            f"{mark}-%",
        )
        return tuple(found)


@dataclass
class Run:
    """One import of so many rows. `rng` decides what becomes of it."""

    stand: Stand
    seed: int
    rows: int

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed * 7919 + self.rows)
        self.mark = f"K{self.seed}x{self.rows}"
        self.preview = self.rng.random() < 0.5
        numbered = self.rng.random() < 0.5
        year = 2001 + self.seed // 90
        self.round = f"{HOME}-{year}-{2 + self.seed % 90:02}"  # of its own
        cells: dict[str, Any] = {"轮次编号": self.round, "发现日期": f"{year}-05-14"} | (
            {} if numbered else {"问题编号": ""}
        )
        named = (
            {"问题编号": f"{self.round}-F-{n:06}"} | cells | {"问题标题": f"{self.mark}-{n}"} for n in range(self.rows)
        )
        rows = (finding(HOME, n, **cells) for n, cells in enumerate(named))
        self.content = delimited([FINDING, *rows])
        self.import_id = ""
        self.last: Any = None
        self.checks = 0

    async def whole(self) -> int:
        """Carry it through, whatever happens to it; then it is there exactly once. How much was compared."""
        await self.prepare()
        client = asyncio.create_task(self._persistent())
        harm = asyncio.create_task(self._harm(client))
        while True:
            done, _ = await asyncio.wait({client}, timeout=600)
            assert done, f"{self.mark}: the import does not end: {self.last}"
            if not client.cancelled() and not isinstance(client.exception(), SignedOut):
                break
            client = asyncio.create_task(self._persistent())  # another takes its place
        job = client.result()
        harm.cancel()
        await asyncio.gather(harm, return_exceptions=True)
        assert job["state"] == "committed", job
        await self._once()
        async with self._http() as http:
            again = await self._sent(http)
            assert again["id"] == self.import_id, "the same request is the same import"
        await self._once()
        return self.checks

    async def prepare(self) -> None:
        """Enter the round, with a team and a category."""
        _, year, sequence = self.round.split("-")
        sheets: dict[str, Rows] = {
            "巡察轮次": [
                ["年度", "轮次", "巡察类型", "主题", "开始日期", "行政区划代码"],
                [int(year), int(sequence), "专项", "脱贫攻坚", f"{year}-04-10", HOME],
            ],
            "问题类别": [["轮次编号", "阶段", "类别编码", "类别名称"], [self.round, "反馈", "B", "作风建设不扎实"]],
            "巡察组": [["轮次编号", "组别", "组长"], [self.round, "第一巡察组", "组长甲01"]],
        }
        async with self._http() as http:
            answer = await http.post(
                "/v1/imports", params={"mode": "commit"}, content=workbook(sheets), headers={"Content-Type": XLSX}
            )
            while (job := (await http.get(answer.headers["location"])).json())["state"] in OPEN:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert job["state"] == "committed", job
        await self.stand.database.execute("analyze finding")  # tests have switched off what does so by itself

    async def undisturbed(self) -> float:
        """Seconds that it takes if nothing happens."""
        await self.prepare()
        begun = asyncio.get_running_loop().time()
        assert (await self._persistent())["state"] == "committed"
        return asyncio.get_running_loop().time() - begun

    async def _once(self) -> None:
        assert await self.stand.written(self.mark) == (self.rows, self.rows, self.rows, 1), self.mark
        self.checks += 1

    async def _harm(self, client: "asyncio.Task[Any]") -> None:
        """Strike once or twice, at some moment of the time that a run usually takes."""
        for _ in range(self.rng.choice((1, 1, 2))):
            await asyncio.sleep(self.rng.uniform(0, 1.1 * self.stand.usual[self.rows]))
            match self.rng.choice((CLIENT, CONNECTION, SERVICE)):
                case "client":
                    client.cancel()
                case "connection":
                    self.stand.wire.break_all()
                case _:
                    await self.stand.kill_service()

    def _http(self) -> httpx.AsyncClient:
        headers = {"Authorization": self.stand.token}
        url = f"http://127.0.0.1:{self.stand.wire.port}"
        return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60)

    async def _persistent(self) -> Any:
        """Send, follow, go on where it was interrupted, commit: asking again whenever no answer comes."""
        async with self._http() as http:
            job = await self._sent(http)
            self.import_id = job["id"]
            while True:
                if job["state"] in OPEN:
                    await asyncio.sleep(0.02)
                    job = await self._ask(http, "GET")
                elif job["state"] == "committed":
                    return job
                else:
                    await self._nothing_written(http, job)
                    action = "commit" if job["state"] == "checked" else "resume"
                    job = await self._ask(http, "POST", f"/actions/{action}")

    async def _sent(self, http: httpx.AsyncClient) -> Any:
        params = {"type": "findings", "mode": "preview" if self.preview else "commit"}
        headers = {"Content-Type": CSV, "Idempotency-Key": self.mark}
        return await self._insist(
            lambda: http.post("/v1/imports", params=params, content=self.content, headers=headers)
        )

    async def _ask(self, http: httpx.AsyncClient, method: str, action: str = "") -> Any:
        self.last = await self._insist(lambda: http.request(method, f"/v1/imports/{self.import_id}{action}"), http)
        return self.last

    async def _insist(self, ask: Any, http: httpx.AsyncClient | None = None) -> Any:
        while True:
            with suppress(httpx.TransportError):
                answer = await ask()
                if answer.status_code < 300:
                    return answer.json()
                if answer.status_code == 409 and http and answer.json()["code"].startswith("import_"):
                    return await self._ask(http, "GET")  # another client, or this one before, was first
                if answer.status_code == 401:  # a token does not last for all runs
                    await self.stand.sign_in()
                    raise SignedOut
                in_use = answer.status_code == 409 and answer.json()["code"] == "idempotency_key_in_use"
                assert in_use or answer.status_code in NOT_NOW, answer.text
            await asyncio.sleep(0.1)

    async def _nothing_written(self, http: httpx.AsyncClient, job: Any) -> None:
        """A receipt that does not say `committed` says that nothing is written, as long as it says so."""
        assert job["state"] in ("checked", "failed"), job
        assert job["state"] == "checked" or job["problem"]["code"] == "import_interrupted", job
        count, *_ = await self.stand.written(self.mark)
        now = await self._ask(http, "GET")
        assert count == 0 or now["state"] != job["state"], (self.mark, count, job)
        self.checks += 1
