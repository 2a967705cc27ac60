"""Brings records into any state of their lifecycle, by the arrows of the declarations alone."""

from dataclasses import replace
from typing import Any

from app.kernel.declare.fields import Entries, Reference
from app.kernel.declare.lifecycle import Transition
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.support.callers import CONFIRMED_BY_LEADERS, UNREAD
from tests.support.records import Maker


class Walker:
    """Makes records and walks them to a state."""

    def __init__(self, make: Maker) -> None:
        self.make = make

    async def reach(self, path: str, state: str, **given: Any) -> Any:
        """A new record of this type in this state."""
        t = REGISTRY.by_path[path]
        return await self.along(t, await self.make(path, **given), route(t, t.lifecycle.initial, {state}))

    async def ready(self, path: str, state: str, arrow: Transition, **given: Any) -> Any:
        """A new record in this state from which the action can be taken, after what must come before it."""
        t, record = REGISTRY.by_path[path], await self.reach(path, state, **given)
        before = t.lifecycle.transition(arrow.after) if arrow.after else None
        return await self.take(t, record, before) if before and state in before.origins else record

    async def along(self, t: RecordType, record: Any, arrows: list[Transition]) -> Any:
        """The record after these transitions."""
        for arrow in arrows:
            record = await (self._caused(t, record, arrow) if arrow.internal else self.take(t, record, arrow))
        return record

    async def take(self, t: RecordType, record: Any, arrow: Transition) -> Any:
        """The record after one action that a caller may ask for."""
        answer = await self.make.api.act(record, t.path, arrow.action, **await self.body(arrow))
        assert answer.status_code in (200, 204), answer.text
        if answer.status_code == 204 or arrow.outcomes:  # who keeps it looks at it
            return await self.make.api.read(f"/v1/{t.path}/{record['id']}")
        return answer.json()

    async def body(self, arrow: Transition) -> dict[str, Any]:
        """What the action requires."""
        body: dict[str, Any] = {}
        returns = arrow.outcomes and arrow.to == "returned"
        for f in arrow.body:
            if not (f.required or returns):
                continue
            if isinstance(f, Entries) and f.names:
                body[f.name] = self.make.value(f)
                for entry in body[f.name]:
                    entry[f.names.number_column] = (await self.make.shared(f.names.to))["number"]
            elif isinstance(f, Reference):
                body[f.number_column] = (await self.make(f.to))["number"]
            else:
                body[f.name] = "return" if returns and f.name == "verdict" else self.make.value(f)
        return body

    async def _caused(self, t: RecordType, record: Any, arrow: Transition) -> Any:
        """The record after another record's transition has moved it along this arrow, or its content has come."""
        if t.path == "attachments":
            file = {"content": b"%PDF-1.7", "headers": {"Content-Type": "application/pdf"}}
            answer = await self.make.api.request("PUT", f"/v1/attachments/{record['id']}/content", **file)
            assert answer.status_code == 200, answer.text
            return answer.json()
        cause, reference, by = next(iter(causes(t, arrow)))
        number = record["number"]
        given = {reference.number_column: [number] if reference.many else number}
        other = await self.make(cause.path, **given)
        steps = route(cause, cause.lifecycle.initial, set(by.origins))
        await self.take(cause, await self.along(cause, other, steps), by)
        return await self.make.api.read(f"/v1/{t.path}/{record['id']}")


def open_to(t: RecordType, state: str, leaders: bool = False) -> list[str]:
    """The actions that a record in this state offers to its keepers, or to the leading group."""
    if t.path == "rectification-reports":  # kept by a unit, which writes what is not submitted
        return ["submit", "void", "correct"] if state in ("draft", "returned") else []
    offered = (a for a in t.lifecycle.actions_from(state) if a not in UNREAD)
    return [a for a in offered if (a in CONFIRMED_BY_LEADERS) is leaders]


def causes(t: RecordType, arrow: Transition) -> list[tuple[RecordType, Reference, Transition]]:
    """Which actions of which types bring an internal transition about, through which reference."""
    return [
        (other, other.reference(c.reference), x)
        for other in REGISTRY
        for x in other.lifecycle.public
        for c in x.effects
        if c.action == arrow.action and c.reference in {f.name for f in other.references if f.to == t.path}
    ]


def route(t: RecordType, start: str, goals: set[str]) -> list[Transition]:
    """The fewest arrows from a state to one of the goals."""
    paths: dict[str, list[Transition]] = {start: []}
    queue = [start]
    while queue:
        state = queue.pop(0)
        if state in goals:
            return paths[state]
        for x in t.lifecycle.transitions:
            for to in t.lifecycle.leads_to(x):
                brought = not x.internal or t.path == "attachments" or causes(t, x)
                if to not in paths and state in x.origins and brought:
                    paths[to] = [*paths[state], replace(x, to=to)]
                    queue.append(to)
    raise AssertionError(f"{t.path}: no arrow leads to {goals}")
