"""Imports, edits, undos and redos at random, beside a model that knows of findings no more than who wrote what last.

The model holds for each record its live text (None: voided), and a list of who has written it, with what stood before.
It knows nothing of versions, transactions or statements.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.imports.conftest import NewPlace, Place, registers
from tests.support.callers import NDJSON
from tests.support.ledgers import lines
from tests.support.proofs import prove

BY_HAND = "by hand"


@dataclass
class Known:
    """What the model knows of one finding."""

    text: str | None
    log: list[tuple[Any, str | None, str | None]] = field(default_factory=list)  # writer, before, after

    def write(self, writer: Any, text: str | None) -> None:
        self.log.append((writer, self.text, text))
        self.text = text

    def others_since(self, place: int, number: int) -> bool:
        """Whether anybody but the import of this number, its undo and its redo has written after this entry."""
        return any(writer != number for writer, _, _ in self.log[place + 1 :])


@dataclass
class Import:
    """An import as the model knows it: its records, with the places in their logs."""

    number: int
    sent: Any
    wrote: dict[str, int]
    undone: dict[str, int] = field(default_factory=dict)
    state: str = "committed"


@dataclass
class World:
    """One case: a place, the model, and what was sent."""

    place: Place
    prefix: str
    chance: random.Random
    known: dict[str, Known] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    compared: int = 0

    def number(self) -> str:
        return f"{self.place.round}-F-{self.prefix}{self.chance.randrange(5)}"

    def text(self) -> str:
        return f"标题{self.chance.randrange(4)}"

    async def step(self) -> None:
        """One thing that somebody does."""
        what = self.chance.choice(("import", "import", "edit", "void", "undo", "undo", "redo", "redo"))
        await getattr(self, f"do_{what}")()

    async def do_import(self) -> None:
        rows = {self.number(): self.text() for _ in range(self.chance.randrange(1, 4))}
        rows = {n: text for n, text in rows.items() if n not in self.known or self.known[n].text is not None}
        if not rows:
            return
        code, r = self.place.code, self.place.round
        rest = {
            "round_number": r, "team_number": f"{r}-Z-001", "unit_number": f"{code}-U045",
            "category_number": f"{r}-G-002", "description": "表现", "found_on": "2017-05-14",
        }  # fmt: skip
        file = lines([{"number": n, "title": text, **rest} for n, text in rows.items()])
        sent = await self.place.api.import_file(file, NDJSON, type="findings")
        assert sent["state"] == "committed", await self.place.api.rows(sent)
        made = Import(len(self.imports), sent, {})
        for n, text in rows.items():
            record = self.known.setdefault(n, Known(None))
            if record.text != text:
                made.wrote[n] = len(record.log)
                record.write(made.number, text)
        self.imports.append(made)

    async def _live(self) -> tuple[Any, Known] | None:
        live = [n for n, record in self.known.items() if record.text is not None]
        if not live:
            return None
        n = self.chance.choice(sorted(live))
        return await self.place.api.read(f"/v1/findings/{n}"), self.known[n]

    async def do_edit(self) -> None:
        if found := await self._live():
            record, known = found
            text = self.text()
            answer = await self.place.api.change(record, "findings", {"title": text})
            assert answer.status_code == 200, answer.text
            if text != known.text:
                known.write(BY_HAND, text)

    async def do_void(self) -> None:
        if self.chance.random() < 0.5 and (found := await self._live()):
            record, known = found
            assert (await self.place.api.act(record, "findings", "void", reason="重复")).status_code == 200
            known.write(BY_HAND, None)

    async def do_undo(self) -> None:
        await self._put_back("undo", "committed", "undone")

    async def do_redo(self) -> None:
        await self._put_back("redo", "undone", "committed")

    async def _put_back(self, action: str, begins: str, done: str) -> None:
        able = [i for i in self.imports if i.state == begins]
        if not able:
            return
        made = self.chance.choice(able)
        places = made.wrote if action == "undo" else made.undone
        answer = await self.place.api.undo(made.sent, action)
        free = {n: p for n, p in places.items() if not self.known[n].others_since(p, made.number)}
        told = {item["number"]: item["result"] for item in await self.place.api.undone(made.sent)}
        assert told == {n: "done" if n in free else "left_alone" for n in places}
        if places and not free:
            assert (answer["state"], answer["problem"]["code"]) == (begins, f"{action}_nothing")
            return
        assert (answer["state"], answer["problem"]) == (done, None), answer
        made.state = done
        if action == "undo":
            made.undone = {}
        for n, place in free.items():
            record = self.known[n]
            before = record.log[place][1]
            if action == "undo":
                made.undone[n] = len(record.log)
            if record.text == before:  # an earlier undo has put it back already
                made.undone.pop(n, None)
            else:
                record.write(made.number, before)

    async def compare(self) -> None:
        """Every record is as the model says."""
        found = {r["number"]: r["title"] for r in await self.place.api.every("findings", round_number=self.place.round)}
        mine = {n: text for n, text in found.items() if n.startswith(f"{self.place.round}-F-{self.prefix}")}
        assert mine == {n: k.text for n, k in self.known.items() if k.text is not None}
        for n, record in self.known.items():
            assert (await self.place.api.read(f"/v1/findings/{n}"))["version"] == len(record.log)
        self.compared += len(self.known) + 1


@pytest.fixture(scope="session")
async def place_of_undos(new_place: NewPlace) -> Place:
    """A jurisdiction for all cases: each has numbers of its own."""
    return await new_place(ledger=registers)


@pytest.mark.proof
async def test_any_sequence_of_imports_edits_undos_and_redos_ends_as_the_model_says(place_of_undos: Place) -> None:
    async def case(seed: int) -> int:
        world = World(place_of_undos, f"{seed + 1000}", random.Random(seed))
        for _ in range(9):
            await world.step()
            await world.compare()
        return world.compared

    await prove("undos", 1_000, 20, case)
