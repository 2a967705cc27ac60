"""What the service shows, held against what it has acknowledged."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.book import ACKNOWLEDGED, REFUSED, UNKNOWN, UNSENT, Write
from tests.chaos.callers import Callers
from tests.chaos.clerks import Desk

FINDINGS, OPINIONS = "findings", "rectification-opinions"
NOT_COMMITTED = ("failed", "rejected")  # states of an import
DONE = ("completed", "closed_off")


@dataclass
class Ledger:
    """All that the service shows of a round."""

    records: dict[str, list[Any]]
    histories: dict[str, list[Any]] = field(default_factory=dict)  # by number, newest first

    def having(self, mark: str) -> list[Any]:
        """The records with this mark."""
        return [r for found in self.records.values() for r in found if r["note"] == mark]

    @property
    def by_number(self) -> dict[str, Any]:
        """Every record by its number."""
        return {r["number"]: r for found in self.records.values() for r in found}


async def shown(callers: Callers, round_number: str, histories: bool = True) -> Ledger:
    """Read a round, with the history of every record that has one."""
    found = {path: await callers.every(path, round_number=round_number) for path in (FINDINGS, OPINIONS)}
    ledger = Ledger(found)
    for path, records in found.items() if histories else ():
        for record in records:
            if record["version"] > 1:
                page = await callers.read(f"{path}/{record['number']}/revisions", limit=200)
                ledger.histories[record["number"]] = page["items"]
    return ledger


def committed(write: Write, ledger: Ledger) -> bool:
    """Whether a write is in the ledger, once or more."""
    if write.kind == "create":
        return bool(ledger.having(write.mark))
    if write.kind == "import":
        return any(ledger.having(mark) for mark in write.rows)
    return any(r["version"] == write.version + 1 and r["action"] == write.kind
               for r in ledger.histories.get(write.record, ()))  # fmt: skip


def compare(writes: list[Write], ledger: Ledger) -> dict[str, list[str]]:
    """What is wrong, by kind. Nothing may be."""
    wrong: dict[str, list[str]] = defaultdict(list)
    for write in writes:
        times = _times(write, ledger)
        name = f"{write.kind} {write.mark} {write.record} {write.made}"
        if write.outcome == ACKNOWLEDGED and write.code not in NOT_COMMITTED and min(times) == 0:
            wrong["lost"].append(name)
        if max(times) > 1:
            wrong["doubled"].append(name)
        if write.outcome in (REFUSED, UNSENT) and max(times) > 0:
            wrong["untrue" if write.outcome == REFUSED else "unsent"].append(f"{name}: {write.status} {write.code}")
        if write.outcome == UNKNOWN:
            wrong["unresolved"].append(f"{name}: {write.status} {write.code}")
        if write.kind == "import" and len(set(times)) > 1:
            wrong["sums"].append(f"{name}: {sum(times)} of {len(times)} rows")
        if write.kind == "import" and write.code == "failed" and max(times) > 0:
            wrong["untrue"].append(f"{name}: failed, with rows")
    for number, record in ledger.by_number.items():
        _history(number, record, writes, ledger, wrong)
    _states(ledger, wrong)
    return dict(wrong)


def _times(write: Write, ledger: Ledger) -> list[int]:
    """How often it is there; of an import, how often each row is."""
    if write.kind in ("create", "import"):
        return [len(ledger.having(mark)) for mark in write.rows or [write.mark]]
    return [sum(r["version"] == write.version + 1 and r["action"] == write.kind
                for r in ledger.histories.get(write.record, ()))]  # fmt: skip


def _history(number: str, record: Any, writes: list[Write], ledger: Ledger, wrong: dict[str, list[str]]) -> None:
    """The history is as long as the version says, without gaps, and holds each action as often as it was written."""
    history = ledger.histories.get(number, [])
    if history and [r["version"] for r in history] != list(range(record["version"], 0, -1)):
        wrong["history"].append(f"{number}: version {record['version']}, {[r['version'] for r in history]}")
    of_clerks = Counter(r["action"] for r in history if r["action"] in ("change", "feed_back", "accept", "complete"))
    written = Counter(w.kind for w in writes if w.record == number and w.outcome == ACKNOWLEDGED)
    if of_clerks != written:
        wrong["history"].append(f"{number}: written {dict(written)}, kept {dict(of_clerks)}")


def _states(ledger: Ledger, wrong: dict[str, list[str]]) -> None:
    """The state of a finding follows from its opinions."""
    children: dict[str, list[str]] = defaultdict(list)
    for opinion in ledger.records[OPINIONS]:
        children[opinion["finding_number"]].append(opinion["state"])
    for finding in ledger.records[FINDINGS]:
        states = children[finding["number"]]
        done = states and all(s in DONE for s in states)
        begun = any(s != "issued" for s in states)
        expected = {"rectified"} if done else {"rectifying"} if begun else {"registered", "fed_back"}
        if finding["state"] not in expected:
            wrong["states"].append(f"{finding['number']}: {finding['state']}, its opinions {states}")


async def settle(desk: Desk) -> Counter[str]:
    """Resolve what is unknown, and wait for imports that were received. Returns how it came out."""
    came_out: Counter[str] = Counter()
    writes = desk.book.of(desk.number)
    for write in writes:
        received = write.kind == "import" and write.outcome == ACKNOWLEDGED and not write.code
        if received and await desk.import_ended(write, patient=True) is None:
            came_out["stuck"] += 1
    if any(w.kind == "import" and w.outcome == UNKNOWN and not w.key for w in writes):
        await asyncio.sleep(3)  # its job may be under way, and nobody can be asked: its name never arrived
    ledger = await shown(desk.callers, desk.round)
    for write in (w for w in writes if w.outcome == UNKNOWN):
        found = committed(write, ledger)
        came_out["unknown, committed" if found else "unknown, absent"] += 1
        await desk.settle(write, found)
        if write.kind == "import" and write.made:
            await desk.import_ended(write, patient=True)
    return came_out
