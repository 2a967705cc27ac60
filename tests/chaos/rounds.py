"""A round: clerks write, a fault strikes, what broke is put up again, what is unknown is settled, all is compared."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos import judge
from tests.chaos.book import ACKNOWLEDGED, REFUSED, SENT, UNSENT, Book
from tests.chaos.callers import Callers
from tests.chaos.clerks import OPEN, Desk
from tests.chaos.faults import FAULTS, LASTING
from tests.chaos.stand import Stand
from tests.chaos.standby import promoted
from tests.chaos.wire import AFTER, BEFORE, Aim
from tests.support.callers import HOME, XLSX
from tests.support.ledgers import register, workbook

PATRONI, LOST, LEFT = "patroni", "primary and patroni killed", "patroni killed, its primary left"
LASTS = LASTING | {"standby promoted": promoted}
CLERKS, AIM_SECONDS = 5, 15
AT_RANDOM = "at random"
# Ten rounds in turn. Two of three kills are aimed at a commit.
TURNS = (
    ("service killed", AFTER), ("Postgres killed", BEFORE), ("service killed", BEFORE), ("Postgres killed", AFTER),
    ("backend killed", BEFORE), ("service killed", AT_RANDOM), ("postmaster killed", AT_RANDOM),
    ("sessions ended", AFTER), ("Postgres restarted", AT_RANDOM), ("slow clients", AT_RANDOM),
    ("service killed", BEFORE), ("Postgres killed", BEFORE), ("service killed", AFTER), ("postmaster killed", AFTER),
    ("wire cut", AFTER), ("Postgres killed", AT_RANDOM), ("backend killed", AT_RANDOM), ("disk full", AT_RANDOM),
    ("Postgres stopped at once", BEFORE), ("standby promoted", AT_RANDOM),
)  # fmt: skip
# On a cluster of three instead of one Postgres; only where they are asked for.
OF_CLUSTER = tuple((fault, AT_RANDOM) for fault in (LOST, LEFT))
KILLS = ("service killed", "Postgres killed", "postmaster killed")


@dataclass(frozen=True)
class Plan:
    """Which fault strikes in a round, and when."""

    number: int
    fault: str
    moment: str
    seed: str

    @property
    def draw(self) -> random.Random:
        """The chances of this round: the same for the same seed."""
        return random.Random(self.seed)


def plans(seed: int, only: str = "") -> list[Plan]:
    """One of each turn; `only` names the faults that are wanted, or `patroni` for those of the cluster."""
    turns = OF_CLUSTER if only == PATRONI else [t for t in TURNS if not only or t[0] in only.split(",")]
    return [Plan(n, *turns[n % len(turns)], f"{seed} {n}") for n in range(10_000)]


@dataclass
class Outcome:
    """What a round has shown."""

    plan: Plan
    aimed: bool = False  # the fault fell where it was aimed at
    back_after: float | None = None
    counts: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)


class Run:
    """All rounds on one stand."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.book, self.callers = stand, Book(stand.folder / "book.ndjson"), Callers(stand.address)
        self.rounds: dict[int, str] = {}

    async def prepare(self) -> None:
        """Import the register that every round refers to."""
        await self.callers.sign_in()
        await self.callers.look_for_keys()
        sheets = {name: rows for name, rows in register(HOME).items() if name in ("单位名录", "人员")}
        loader = self.callers.http["loader"]
        query = {"mode": "commit"}
        answer = await loader.post(
            "/v1/imports", params=query, content=workbook(sheets), headers={"Content-Type": XLSX}
        )
        assert answer.status_code == 202, answer.text
        state = "received"
        while state in OPEN:
            await asyncio.sleep(0.1)
            state = (await loader.get(answer.headers["location"])).json()["state"]
        assert state == "committed", state

    async def open(self, desk: Desk) -> None:
        """Make what the writes of a round refer to."""
        await desk.open()

    async def round(self, plan: Plan) -> Outcome:
        """One round."""
        await self.callers.sign_in()
        desk = Desk(self.callers, self.book, plan.number)
        await self.open(desk)
        outcome = Outcome(plan, told=desk.told)
        at_work = [asyncio.create_task(desk.clerk()) for _ in range(CLERKS)] + [asyncio.create_task(desk.importer())]
        try:
            await self._strike(plan, desk, outcome)
            await desk.acknowledges(6)  # the clerks can work again
        finally:
            desk.closing.set()
            await asyncio.gather(*at_work)
        await self.stand.ready()
        if (came_out := await judge.settle(desk))["stuck"]:  # imports wait for a service that starts anew
            self.stand.kill_service()
            await self.stand.start_service()
            came_out += await judge.settle(desk)
        self._count(desk, outcome, came_out)
        self.rounds[plan.number] = desk.round
        outcome.wrong = judge.compare(self.book.of(plan.number), await judge.shown(self.callers, desk.round))
        if came_out["stuck"]:
            outcome.wrong["stuck"] = [f"{came_out['stuck']} imports"]
        return outcome

    async def _strike(self, plan: Plan, desk: Desk, outcome: Outcome) -> None:
        """Let the fault strike once the clerks are at work, and mend what it breaks."""
        draw = plan.draw
        await desk.acknowledges(draw.randint(8, 30))
        if plan.fault in LASTS:
            desk.struck_at = time.monotonic()
            await LASTS[plan.fault](self.stand, desk)
            return
        fault = FAULTS[plan.fault]

        def act() -> None:
            fault.strike(self.stand)
            desk.struck_at, desk.back_after = time.monotonic(), None

        if plan.moment == AT_RANDOM:
            await asyncio.sleep(draw.uniform(0, 0.6))
            act()
        else:
            aim = Aim(f"chaos-{plan.number}-".encode(), plan.moment, act, draw.randint(0, 9), draw.uniform(0, 0.006))
            self.stand.wire.aim = aim
            try:
                await asyncio.wait_for(aim.hit.wait(), AIM_SECONDS)
                outcome.aimed = True
            except TimeoutError:
                aim.fire()
            self.stand.wire.aim = None
        await fault.mend(self.stand)

    def _count(self, desk: Desk, outcome: Outcome, came_out: Counter[str]) -> None:
        writes = self.book.of(desk.number)
        assert all(w.outcome != SENT for w in writes)
        kinds = Counter(w.outcome for w in writes)
        outcome.back_after = desk.back_after
        outcome.counts = Counter({
            "writes": len(writes), "acknowledged": kinds[ACKNOWLEDGED], "refused": kinds[REFUSED],
            "not sent": kinds[UNSENT], "unknown": sum(w.was_unknown for w in writes),
            "import rows": sum(len(w.rows) for w in writes if w.code == "committed"),
        }) + came_out  # fmt: skip

    async def whole(self) -> dict[str, list[str]]:
        """All rounds once more, at the end: a later fault may have taken what an earlier one had left."""
        wrong: dict[str, list[str]] = {}
        for number, name in self.rounds.items():
            ledger = await judge.shown(self.callers, name)
            for kind, found in judge.compare(self.book.of(number), ledger).items():
                wrong.setdefault(kind, []).extend(found)
        return wrong
