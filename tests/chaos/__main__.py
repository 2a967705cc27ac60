"""`make chaos`: rounds of faults, with their counts. Seeded; goes on where the last run of the same seed ended."""

import argparse
import asyncio
import json
import signal
import statistics
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.chaos import patroni
from tests.chaos.cluster import ClusterStand
from tests.chaos.failover import FailoverRun
from tests.chaos.rounds import PATRONI, Outcome, Run, plans
from tests.chaos.stand import Stand

KEPT = Path(__file__).parents[2] / ".chaos"


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="faults, with commas; patroni: those of a cluster")
    parser.add_argument("--fresh", action="store_true", help="forget the rounds that an earlier run has done")
    return parser.parse_args()


class Totals:
    """The counts of all rounds so far, kept on disk."""

    def __init__(self, file: Path, fresh: bool) -> None:
        self.file = file
        self.rounds: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() and not fresh else []

    def add(self, outcome: Outcome) -> None:
        """One round more."""
        self.rounds.append({
            "fault": outcome.plan.fault, "moment": outcome.plan.moment, "aimed": outcome.aimed,
            "back": outcome.back_after, "counts": outcome.counts, "told": outcome.told,
            "wrong": {kind: len(found) for kind, found in outcome.wrong.items()},
        })  # fmt: skip
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(json.dumps(self.rounds, ensure_ascii=False))

    def print(self) -> None:
        """By fault: how often, how long, what was told; and the sum."""
        for fault in dict.fromkeys(r["fault"] for r in self.rounds):
            mine = [r for r in self.rounds if r["fault"] == fault]
            back = [r["back"] for r in mine if r["back"] is not None]
            counts, told = _sum(r["counts"] for r in mine), _sum(r["told"] for r in mine)
            took = f"{statistics.median(back):.1f} s, at most {max(back):.1f} s" if back else "never away"
            print(
                f"\n{fault}: {len(mine)} rounds, {sum(r['aimed'] for r in mine)} at a commit; next write after {took}"
            )
            print("  " + ", ".join(f"{n} {name}" for name, n in counts.items()))
            print("  told: " + ", ".join(f"{n} × {what}" for what, n in sorted(told.items())))
        wrong = _sum(r["wrong"] for r in self.rounds)
        other = Counter({kind: n for kind, n in wrong.items() if kind not in ("lost", "doubled")})
        print(f"\n{len(self.rounds)} rounds: " + _said(_sum(r["counts"] for r in self.rounds)))
        print(f"lost {wrong['lost']}, doubled {wrong['doubled']}; other: {_said(other) or 'nothing'}")


def _sum(counts: Any) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _said(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


async def run(options: argparse.Namespace) -> int:
    """The rounds; how many things were wrong."""
    name = "-".join((str(options.seed), *options.only.replace(" ", "_").split(","))).strip("-")
    totals = Totals(KEPT / f"{name}.json", options.fresh)
    folder = Path(tempfile.mkdtemp(prefix="ledger-chaos-", dir="/var/tmp"))
    stand = ClusterStand(folder) if options.only == PATRONI else Stand(folder)
    wrong, this = 0, asyncio.current_task()
    assert this
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)  # what was started ends with it
    try:
        await stand.build()
        chaos = FailoverRun(stand) if isinstance(stand, ClusterStand) else Run(stand)
        await chaos.prepare()
        done = len(totals.rounds)
        for plan in plans(options.seed, options.only)[done : done + options.rounds]:
            begun = time.monotonic()
            outcome = await chaos.round(plan)
            totals.add(outcome)
            wrong += sum(map(len, outcome.wrong.values()))
            aimed = "" if outcome.aimed or plan.moment == "at random" else ", missed"
            print(f"{plan.number:4} {plan.fault}, {plan.moment}{aimed}: {_said(outcome.counts)};"
                  f" {time.monotonic() - begun:.0f} s {outcome.wrong or ''}", flush=True)  # fmt: skip
        at_the_end = await chaos.whole()
        print("\nall rounds of this run once more:", at_the_end or "as before", flush=True)
        wrong += sum(map(len, at_the_end.values()))
    finally:
        await stand.clear()
    totals.print()
    return wrong


def main() -> None:
    """Exit status 1 where anything was wrong."""
    options = arguments()
    if options.only == PATRONI and (missing := patroni.missing()):
        print(
            f"跳过：本机没有 {missing}（.ci/run 会安装）。/ Skipped: {missing} is missing here (.ci/run installs it)."
        )
        return
    print(f"seed {options.seed}, {options.rounds} rounds", flush=True)
    raise SystemExit(1 if asyncio.run(run(options)) else 0)


if __name__ == "__main__":
    main()
