"""A chain holds what its caller reads one by one, and goes along no link that is hidden from it."""

from collections.abc import Iterable
from typing import Any

from app.records import REGISTRY
from app.reports import chain as chains
from tests.access.matrix import SEES
from tests.access.test_matrix import every_role
from tests.access.world import World

# What follows from what, as the contract has it (section 4): member -> the type that it names.
ORIGINS = {
    "rectification-opinions": {"finding_id": "findings"},
    "look-backs": {"finding_id": "findings"},
    "accountability-decisions": {"finding_id": "findings"},
    "clues": {"finding_id": "findings", "merged_into_id": "clues"},
    "clue-transfers": {"clue_ids": "clues"},
    "case-filings": {"clue_id": "clues"},
    "judicial-referrals": {"case_filing_id": "case-filings"},
}
Key = tuple[str, str]


def origins(path: str, document: Any) -> set[Key]:
    """What a record follows from, as its reader is told."""
    named: set[Key] = set()
    for member, to in ORIGINS.get(path, {}).items():
        value = document[member]
        named |= {(to, i) for i in (value if isinstance(value, list) else [value]) if i}
    return named


def chain_of(start: Key, read: dict[Key, Any]) -> set[Key]:
    """The chain among what a caller can read: everything above the record, and everything below all of that."""
    above = {start}
    while more := {o for key in above for o in origins(key[0], read[key]) if o in read} - above:
        above |= more
    found = set(above)
    while more := {key for key in read if origins(key[0], read[key]) & found} - found:
        found |= more
    return found


async def readable(api: Any, keys: Iterable[Key]) -> dict[Key, Any]:
    """What a caller reads of these records, one by one."""
    answers = {(path, i): await api.get(f"/v1/{path}/{i}") for path, i in keys}
    return {key: answer.json() for key, answer in answers.items() if answer.status_code == 200}


def told(document: Any) -> dict[Key, Any]:
    """The records of a chain."""
    return {(item["record_type"], item["record"]["id"]): item["record"] for item in document["items"]}


def test_the_links_are_those_of_the_contract() -> None:
    declared = {(t.path, f.id_column, f.to) for t, f in chains.LINKS}
    assert declared == {(path, member, to) for path, its in ORIGINS.items() for member, to in its.items()}
    assert [*chains.LINKED] == [t.path for t in REGISTRY if t.path in {"findings", *ORIGINS}]


@every_role
async def test_a_chain_is_what_its_caller_reads_one_by_one(role: str, world: World) -> None:
    api = world.callers[role]
    keys = [(path, world.id(label)) for path in chains.LINKED for label in sorted(world.labels(path))]
    read = await readable(api, keys)
    compared = 0
    for path, i in keys:
        answer = await api.get(f"/v1/chains/{path}/{i}")
        if (path, i) not in read:
            assert answer.status_code == 404, (role, path, answer.text)
            continue
        assert answer.status_code == 200, answer.text
        found = told(answer.json())
        assert found == {key: read[key] for key in chain_of((path, i), read)}, (role, path)
        for item in answer.json()["items"]:
            here = {(o["record_type"], o["record_id"]) for o in item["follows_from"]}
            assert here == origins(item["record_type"], item["record"]) & set(found)
        compared += len(found)
    assert compared or not any(SEES[role].get(path) for path in chains.LINKED)
