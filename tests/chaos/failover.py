"""The rounds of the cluster: clerks write through both services, the primary is lost, all is compared."""

import asyncio
import time

from tests.chaos import judge
from tests.chaos.callers import Callers
from tests.chaos.clerks import Desk
from tests.chaos.cluster import ClusterStand
from tests.chaos.rounds import Outcome, Plan, Run

CLERKS, BACK_AFTER = 3, 30  # of each service; seconds until writes are acknowledged again, as promised


class FailoverRun(Run):
    """All rounds on one cluster."""

    def __init__(self, stand: ClusterStand) -> None:
        super().__init__(stand)  # type: ignore[arg-type]  # of a stand it asks for folder and address alone
        self.cluster, self.others = stand, Callers(stand.second)

    async def round(self, plan: Plan) -> Outcome:
        """One round. Each service has a desk of its own, with a round of the ledger of its own."""
        self.callers, self.others = await self.cluster.callers()
        desks = [Desk(of, self.book, 2 * plan.number + n) for n, of in enumerate((self.callers, self.others))]
        outcome, at_work = Outcome(plan), list[asyncio.Task[None]]()
        for desk in desks:
            await desk.open()
            at_work += [asyncio.create_task(desk.clerk()) for _ in range(CLERKS)]
            at_work.append(asyncio.create_task(desk.importer()))
        try:
            await asyncio.gather(*(desk.acknowledges(plan.draw.randint(10, 40)) for desk in desks))
            await self.cluster.strike(plan.fault)
            for desk in desks:
                desk.struck_at, desk.back_after = time.monotonic(), None
                desk.told[f"/health/ready: {await self._readiness(desk)}"] += 1
            await asyncio.gather(*(self._back(desk) for desk in desks))
        finally:
            for desk in desks:
                desk.closing.set()
            await asyncio.gather(*at_work)
        await self.cluster.mend()
        await self.cluster.ready()
        for desk in desks:
            await self._compared(desk, outcome)
        return outcome

    @staticmethod
    async def _readiness(desk: Desk) -> str:
        """What the desk's service says of itself."""
        answer = await desk.callers.http["office"].get("/health/ready")
        return f"{answer.status_code} {answer.json().get('code', '')}".strip()

    @staticmethod
    async def _back(desk: Desk) -> None:
        """Wait for a write that was sent after the fault, and some more."""
        while desk.back_after is None:
            await desk.acknowledges(1)
        await desk.acknowledges(10)

    async def _compared(self, desk: Desk, outcome: Outcome) -> None:
        """Settle what is unknown at a desk, and add what it shows to the outcome."""
        came_out, back = await judge.settle(desk), desk.back_after or 0.0
        mine = Outcome(outcome.plan)
        self._count(desk, mine, came_out)
        outcome.counts, outcome.told = outcome.counts + mine.counts, outcome.told + desk.told
        outcome.back_after = max(outcome.back_after or 0.0, back)
        self.rounds[desk.number] = desk.round
        ledger = await judge.shown(desk.callers, desk.round)
        for kind, found in judge.compare(self.book.of(desk.number), ledger).items():
            outcome.wrong.setdefault(kind, []).extend(found)
        if back > BACK_AFTER:
            outcome.wrong.setdefault("late", []).append(f"{back:.1f} s")
        if came_out["stuck"]:
            outcome.wrong.setdefault("stuck", []).append(f"{came_out['stuck']} imports")
