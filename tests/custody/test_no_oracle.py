"""Two worlds that differ in nothing but a value hidden from a role: whatever it asks, both answer it to the byte.

The fields, the ways to name them, and the types that refer to them are walked from the declarations. Each probe goes to
both worlds, one after the other, so that they stay alike also where a probe is carried out.
"""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp

from app.db.embedded import EmbeddedPostgres
from app.db.pool import Pools
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.projection import RoleView, role_view
from app.records import REGISTRY
from tests.access.world import World, build
from tests.support.callers import NDJSON, PATCH
from tests.support.ledgers import lines
from tests.support.proofs import share

CODES = ("431323", "431324")
# Who writes the records that others see masked, and by which way.
KEEPER = {"persons": "case_supervision", "C-sup": "case_supervision", "case-filings": "case_supervision"}
# The records of each type that a role sees masked, in the world of the access matrix.
MASKED = {
    ("inspection_office", "persons"): "P-new P-decided",
    ("inspection_office", "clues"): "C-sup",
    ("leading_group", "persons"): "P-decided",
    ("leading_group", "clues"): "C-sup",
    ("leading_group", "case-filings"): "K-plain",
    ("inspected_unit", "teams"): "A",
    ("partner_system", "units"): "U",
    ("partner_system", "feedback-sessions"): "S-U",
    ("partner_system", "rectification-opinions"): "O-U",
    ("ledger_loader", "persons"): "P-new",
    ("ledger_loader", "clues"): "C-sup C-office",
}
GUESSES = ("王某甲", "王某乙")  # a masked name shows its first character


@dataclass
class Pair:
    """Two worlds, and what a probe says in each."""

    worlds: tuple[World, World]
    versions: dict[str, int] = field(default_factory=dict)  # of records, by address, as far as known

    def said(self, world: World, value: Any) -> Any:
        """A value in which labels in angle brackets stand for numbers, as one of the worlds says it."""
        if isinstance(value, dict):
            return {k: self.said(world, v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.said(world, v) for v in value]
        return world.number(value[1:-1]) if isinstance(value, str) and value[:1] == "<" else value


@pytest.fixture(scope="session")
async def pair(service: ASGIApp, database: EmbeddedPostgres) -> AsyncIterator[Pair]:
    pools = Pools(database.logins)
    worlds = [await build(service, pools, code, f"w{code}_") for code in CODES]
    for world in worlds:  # the persons whom a clue may be about are of two units
        api = world.callers["case_supervision"]
        for label in ("P-filed", "P-decided"):
            person = await api.read(f"/v1/persons/{world.id(label)}")
            moved = await api.change(person, "persons", {"unit_number": world.number("V")})
            assert moved.status_code == 200, moved.text
    yield Pair((worlds[0], worlds[1]))
    await pools.close()


def hidden(view: RoleView, t: RecordType) -> Iterator[tuple[kinds.Field, tuple[Any, Any]]]:
    """The fields hidden from the role, each with a value for either world; what is sealed no answer ever holds."""
    for f in (*t.fields, kinds.Text("note", "备注")):
        if not view.shown(t, f.name) or isinstance(f, kinds.Sealed):
            continue
        if isinstance(f, kinds.Reference) and view.role == "partner_system":
            continue  # it is shown none to a record of that type, whatever stands there
        if isinstance(f, kinds.Reference):
            yield f, ("<P-sent>", "<P-filed>")
        elif isinstance(f, (kinds.Lines, kinds.Entries)):
            pairs = [[_entry(f, g)] if isinstance(f, kinds.Entries) else [g] for g in GUESSES]
            yield f, (pairs[0], pairs[1])
        else:
            yield f, GUESSES


def _entry(f: kinds.Entries, guess: str) -> dict[str, Any]:
    """An entry that tells something in one of its members."""
    tells = "reason" if "account" in f.labels else next(iter(f.labels))
    given = {m.name: "admin" if m.name == "account" else plain(m) for m in f.of if m.required}
    return {**dict.fromkeys(f.labels), **given, tells: guess}


def member(f: kinds.Field) -> str:
    """The member by which a body gives a field."""
    return f.number_column if isinstance(f, kinds.Reference) else f.name


CELLS = [
    (role, path, label, f.name, values)
    for (role, path), labels in MASKED.items()
    for label in labels.split()
    for f, values in hidden(role_view(REGISTRY, role), REGISTRY.by_path[path])
    if (not f.set_by or f.corrected)
    and not f.copied
    and (path, f.name) != ("case-filings", "person")  # whose unit is told
]


def test_every_role_and_type_that_masks_is_looked_at() -> None:
    masking = {
        (role, t.path)
        for t in REGISTRY
        for role in (*t.access.rights, *(["partner_system"] if t.access.partner else []))
        if any(True for _ in hidden(role_view(REGISTRY, role), t)) and not _own_cadres_only(t, role)
    }
    assert masking <= MASKED.keys(), masking - MASKED.keys()
    assert len(CELLS) >= 15


def _own_cadres_only(t: RecordType, role: str) -> bool:
    """Whether it sees none but clues about own cadres masked: by the same projection as others are."""
    right = t.access.of(role)
    return bool(right and right.apart and not right.hides.metadata)


async def set_apart(pair: Pair, path: str, label: str, f: kinds.Field, values: tuple[Any, Any]) -> None:
    """Give the record another value of the field in each world, as who keeps it does."""
    if isinstance(f, kinds.Reference) and label == "C-office":
        values = ("<P-new>", "<P-decided>")  # whom the office knows
    for world, value in zip(pair.worlds, values, strict=True):
        api = world.callers[KEEPER.get(path) or KEEPER.get(label, "inspection_office")]
        record = await api.read(f"/v1/{path}/{world.id(label)}")
        body = {member(f): pair.said(world, value)}
        if f.set_by:
            answer = await api.act(record, path, "correct", reason="核对", **body)
        else:
            answer = await api.change(record, path, body)
        assert answer.status_code == 200, answer.text


def samples(t: RecordType) -> dict[str, Any]:
    """A body of the type: a value for each required field, and a reference of each kind."""
    one = {
        "rounds": "<R>", "teams": "<A>", "units": "<U>", "persons": "<P-decided>", "clues": "<C-sup>",
        "finding-categories": "<G-R>", "findings": "<F-AU>", "case-filings": "<K-plain>",
    }  # fmt: skip
    body: dict[str, Any] = {}
    for f in (f for f in t.fields if f.required and f.writable):
        if isinstance(f, kinds.Reference):
            body[f.number_column] = [one[f.to]] if f.many else one[f.to]
        else:
            body[f.name] = plain(f)
    return body


def plain(f: Any) -> Any:
    """Some value of a field."""
    if isinstance(f, kinds.Choice):
        return [f.terms.codes[0]] if f.many else f.terms.codes[0]
    values: dict[type, Any] = {
        kinds.Text: "文字", kinds.Day: "2017-08-01", kinds.Flag: True, kinds.Whole: 1, kinds.Lines: ["文字"],
        kinds.Quantity: {"value": 3, "qualifier": "exact"}, kinds.Entries: [],
    }  # fmt: skip
    return values[type(f)]


Probe = tuple[str, str, dict[str, Any]]  # method, address, and what is sent with it; labels stand for numbers
UNITS = ("<U>", "<V>", "<X>", "<SUP>", "<DEP>", "<ORG>")


def of_the_record(t: RecordType, label: str, f: kinds.Field, values: tuple[Any, Any]) -> Iterator[Probe]:
    """Everything that can be asked of the record itself and of the list it stands in."""
    one = f"/v1/{t.path}/<{label}>"
    for more in ("", "/actions", "/revisions", "/revisions/1", "/revisions/2", "/revisions/2/diff?from=1"):
        yield "GET", one + more, {}
    for sort in t.sorts:
        yield "GET", f"/v1/{t.path}?sort={sort}", {}
    for guess in values:
        yield "GET", f"/v1/{t.path}", {"params": {"q": guess if isinstance(guess, str) else "王某"}}
        if f in t.filters:
            yield "GET", f"/v1/{t.path}", {"params": {member(f): guess}}
        for body in ({member(f): guess}, {member(f): None}, {"note": "改"}, {member(f): "王*"}):
            yield "PATCH", one, {"json": body}
        yield "POST", f"{one}/actions/correct", {"json": {"reason": "x", member(f): guess}}
    for arrow in t.lifecycle.public:
        body = {f"{b.number_column}" if isinstance(b, kinds.Reference) else b.name: None for b in arrow.body}
        given = {k: v for k, v in body.items() if v is not None}
        plains = {b.name: plain(b) for b in arrow.body if not isinstance(b, kinds.Reference)}
        for unit in UNITS:
            units = {b.number_column: unit for b in arrow.body if isinstance(b, kinds.Reference) and b.to == "units"}
            yield "POST", f"{one}/actions/{arrow.action}", {"json": {**given, **plains, **units}}


def by_reference(t: RecordType, label: str, values: tuple[Any, Any], turn: int | None) -> Iterator[Probe]:
    """New records that refer to the record, and to each unit in turn, one by one and in a ledger.

    turn   of the ledgers only every third, from this one on: they are the same for every field, and many
    """
    for other, f in REGISTRY.referrers(t.path):
        named = [f"<{label}>"] if f.many else f"<{label}>"
        body = {**samples(other), **({"subject_kind": "person"} if t.path == "persons" else {}), f.number_column: named}
        units = [r.number_column for r in other.references if r.to == "units" and r.writable and not r.many]
        for n, named_unit in enumerate([{c: u} for c, u in itertools.product(units, UNITS)] or [{}]):
            yield "POST", f"/v1/{other.path}", {"json": {**body, **named_unit}}
            if turn is None or n % 3 == turn % 3:
                yield "IMPORT", other.path, {"row": {**body, **named_unit}}
        for guess in values if other.ledger.agrees else ():
            for column in other.ledger.agrees:
                yield "IMPORT", other.path, {"row": {**body, column: guess}}


def drafts(label: str) -> Iterator[Probe]:
    """What is done to transfers that stand there already."""
    for unit in UNITS:
        yield (
            "PATCH",
            "/v1/clue-transfers/<D-draft>",
            {"json": {"to_unit_number": unit, "clue_numbers": [f"<{label}>"]}},
        )
    for clues in ([f"<{label}>"], ["<C-org>"], ["<C-office>", f"<{label}>"]):
        yield "POST", "/v1/clue-transfers/<D-draft>/actions/give_back", {"json": {"reason": "x", "clue_numbers": clues}}


NEUTRAL = (
    (re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), b"ID"),
    (re.compile(rb"[0-9a-f]{32}"), b"REQUEST"),
    (re.compile(rb"\d{4}-\d\d-\d\dT[^\"]*"), b"MOMENT"),
    (re.compile(rb"43132[34]"), b"CODE"),
    (re.compile(rb'"next_cursor":"[^"]*"'), b"CURSOR"),
)


def neutral(content: bytes) -> bytes:
    """An answer without what two worlds cannot have in common."""
    for pattern, instead in NEUTRAL:
        content = pattern.sub(instead, content)
    return content


async def answered(pair: Pair, world: World, role: str, probe: Probe) -> tuple[int, bytes]:
    """What a world answers to a probe."""
    method, address, sent = probe
    if method == "IMPORT":
        return await imported(pair, world, role, address, sent["row"])
    for label in re.findall(r"<(.*?)>", address):
        address = address.replace(f"<{label}>", world.id(label))
    if method in ("PATCH", "POST") and address.count("/") > 2:
        return await written(pair, world, role, (method, address, sent))
    headers = {"Content-Type": "application/json"} if "json" in sent else {}
    return await asked(pair, world, role, (method, address, sent), headers)


async def asked(pair: Pair, world: World, role: str, probe: Probe, headers: dict[str, str]) -> tuple[int, bytes]:
    """What a world answers at this address."""
    method, address, sent = probe
    body = {"content": orjson.dumps(pair.said(world, sent["json"]))} if "json" in sent else {}
    params = {"params": pair.said(world, sent["params"])} if "params" in sent else {}
    answer = await world.callers[role].request(method, address, headers=headers, **body, **params)
    return answer.status_code, neutral(answer.content)


async def written(pair: Pair, world: World, role: str, probe: Probe) -> tuple[int, bytes]:
    """The same of a write from the record's version, which is looked up again only where it is not the last known."""
    method, address, _ = probe
    one = address.partition("/actions")[0]
    media = PATCH if method == "PATCH" else "application/json"
    for _ in range(2):
        known = pair.versions.get(one)
        if known is None:
            current = await world.callers["inspection_office"].get(one)
            known = pair.versions[one] = current.json().get("version", 1)
        answer = await asked(pair, world, role, probe, {"If-Match": f'"{known}"', "Content-Type": media})
        if answer[0] < 300:
            del pair.versions[one]
        if answer[0] != 412:
            return answer
        del pair.versions[one]
    return answer


async def imported(pair: Pair, world: World, role: str, path: str, row: Any) -> tuple[int, bytes]:
    """What a preview of one row says."""
    api = world.callers[role]
    content = lines([pair.said(world, row)])
    given = {"mode": "preview", "type": path}
    answer = await api.post("/v1/imports", params=given, content=content, headers={"Content-Type": NDJSON})
    if answer.status_code != 202:
        return answer.status_code, neutral(answer.content)
    done = await api.ended(answer.headers["location"])
    rows = await api.get(f"/v1/imports/{done['id']}/rows")
    return rows.status_code, neutral(rows.content)


@share(3)
@pytest.mark.parametrize(
    ("role", "path", "label", "name", "values"), CELLS, ids=lambda x: x if isinstance(x, str) else ""
)
async def test_no_answer_tells_a_hidden_value(
    role: str, path: str, label: str, name: str, values: tuple[Any, Any], pair: Pair
) -> None:
    t = REGISTRY.by_path[path]
    f = t.field(name) if name != "note" else kinds.Text("note", "备注")
    await set_apart(pair, path, label, f, values)
    alike = [cell[3] for cell in CELLS if cell[:3] == (role, path, label)]
    turn = alike.index(name) if len(alike) > 3 else None  # enough fields for each ledger to be tried with two of them
    probes = [*by_reference(t, label, values, turn), *(drafts(label) if path == "clues" else ())]
    if role != "ledger_loader":  # it is told what its row would change; what it asks beside that, it may not know
        probes += of_the_record(t, label, f, values)
    seen = set()
    for probe in probes:
        first, second = [await answered(pair, world, role, probe) for world in pair.worlds]
        assert first == second, (probe, first, second)
        assert first[0] < 500, (probe, first)
        seen.add((probe[0], first[0]))
    assert len(seen) > 1, "the probes get different answers"
