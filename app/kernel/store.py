"""The one way to read and write records: get, create, change, act, void, correct.

Each write has the same visible steps: visible? version? state? valid? write. A write that no rule across records
concerns is one statement; where a rule looks at other records, or the write brings something about in them, the
statements share a transaction and the records looked at are locked until it ends.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg
import orjson
import uuid_utils

from app.db.context import GATE, Caller
from app.db.engine import ACQUIRE_SECONDS, Pools
from app.errors import Fault, Refusal, invalid
from app.kernel import violations
from app.kernel.fields import Reference, Sealed
from app.kernel.lifecycle import VOIDED, Consequence, Transition
from app.kernel.record_type import RecordType, Registry
from app.kernel.schemas import NUMBER, Schemas
from app.kernel.sealing import Seal, seal_values, store_sealed
from app.kernel.writes import ROW, Change, Spelling, answer_sql, insert_sql, update_sql


@dataclass(frozen=True)
class Ledger:
    """What the running service holds: the record types, their schemas, and the connections."""

    registry: Registry
    schemas: Mapping[str, Schemas]
    pools: Pools
    seal: Seal


@dataclass(frozen=True)
class Asking:
    """One request: who asks, and the identifier it is logged under. `origin` names the import that writes, if one does."""

    ledger: Ledger
    caller: Caller
    request: str
    origin: str | None = None

    def context(self, action: str = "", **more: Any) -> str:
        """The caller context of one statement of this request."""
        if self.origin:
            more["import"] = self.origin
        return self.caller.context(self.request, action, **more)

    @asynccontextmanager
    async def connection(self, transaction: bool = False) -> AsyncIterator[Any]:
        """A connection of the caller's class; constraint violations become refusals."""
        pool = await self.ledger.pools.of(self.caller)
        async with pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            try:
                if transaction:
                    async with connection.transaction():
                        yield connection
                else:
                    yield connection
            except asyncpg.IntegrityConstraintViolationError as problem:
                raise violations.refusal(self.ledger.registry, problem) from None


@cache
def answer_tail(t: RecordType, state: str, imported: bool) -> bytes:
    """The end of a document: what depends on the state and on who asks."""
    actions = b",".join(b'"' + a.encode() + b'"' for a in t.lifecycle.actions_from(state))
    masked = b",".join(b'"' + f.name.encode() + b'"' for f in t.of_kind(Sealed))
    tail = b',"available_actions":[' + actions + b'],"masked":[' + masked + b"]"
    return tail + (b',"imported":true}' if imported else b"}")


def finished(t: RecordType, row: Any) -> bytes:
    """The whole document of a row as read by the statements of `writes` and `query`."""
    document: bytes = row["document"]
    return document[:-1] + answer_tail(t, row["state"], row["imported"])


async def get(asking: Asking, t: RecordType, key: str) -> Any:
    """The current row of a record, by identifier or number. Refuses with `not_found`, or `ambiguous_number` (409)."""
    column = "id" if violations.is_identifier(key) else "number"
    kind = "::uuid" if column == "id" else ""
    if column == "number" and not NUMBER.match(key):  # also what Postgres would not take for text, such as NUL
        raise Refusal("not_found", label=t.label)
    sql = answer_sql(t, "t").format(source=t.table) + f" where t.{column} = $2{kind} and {GATE} limit 20"
    async with asking.connection() as connection:
        rows = await connection.fetch(sql, asking.context(), key)
    if not rows:
        raise Refusal("not_found", label=t.label)
    if len(rows) > 1:
        found = [{k: v for k, v in orjson.loads(r["document"]).items() if k in ("id", "jurisdiction", "number")} for r in rows]
        raise Refusal("ambiguous_number", number=key, members={"candidates": found})
    return rows[0]


def spelled(t: RecordType, values: Mapping[str, Any]) -> tuple[Spelling, dict[str, Any]]:
    """How the references of a body are given, and the body without the members that clear them."""
    given, cleared, rest = [], [], dict(values)
    for f in t.references:
        by_id, by_number = f.id_column in values, f.number_column in values
        if not (by_id or by_number):
            continue
        has_id, has_number = values.get(f.id_column) is not None, values.get(f.number_column) is not None
        if f.many and (values.get(f.id_column) or values.get(f.number_column)) in ([], None):
            cleared.append(f.name)
        elif has_id or has_number:
            given.append((f.name, "both" if has_id and has_number else "id" if has_id else "number"))
        else:
            cleared.append(f.name)
    for name in cleared:
        for column in t.reference(name).columns:
            rest.pop(column, None)
    return Spelling(tuple(given), tuple(cleared)), rest


@dataclass
class Verdict:
    """Collects what a type's `check` has to say (`kernel.record_type.Check`)."""

    carried_rows: Mapping[str, Any]
    imported: bool = False

    def __post_init__(self) -> None:
        self.faults: list[Fault] = []

    def carried(self, reference: str, column: str) -> Any:
        return (self.carried_rows.get(reference) or {}).get(column)

    def fault(self, pointer: str, code: str, **params: Any) -> None:
        self.faults.append(Fault(f"/{pointer}", code, params, params.pop("allowed", None)))


async def carried(
    asking: Asking, connection: Any, t: RecordType, values: Mapping[str, Any], jurisdiction: str | None, lock: bool
) -> dict[str, Any]:
    """What `check` looks at in the referenced records: field name -> column -> value (lists for lists)."""
    found: dict[str, Any] = {}
    for f in t.references:
        keys = values.get(f.id_column) or values.get(f.number_column)
        if not f.carries or not keys:
            continue
        target = asking.ledger.registry.by_path[f.to]
        column = "id" if values.get(f.id_column) else "number"
        wanted = [keys] if isinstance(keys, str) else list(keys)
        columns = ", ".join(f"to_jsonb({target.virtual[c].format('x')}) as {c}" if c in target.virtual else f"to_jsonb(x.{c}) as {c}" for c in f.carries)
        rows = await connection.fetch(
            f"select {columns} from {target.table} x where x.{column}::text = any($2::text[])"  # noqa: S608  # names of the registry
            f" and ($3::text is null or x.jurisdiction = $3) and {GATE}" + (" for share of x" if lock else ""),
            asking.context(), wanted, jurisdiction,
        )  # fmt: skip
        lists = {c: [orjson.loads(r[c]) if r[c] else None for r in rows] for c in f.carries}
        found[f.name] = lists if f.many else {c: (v[0] if v else None) for c, v in lists.items()}
    return found


async def create(asking: Asking, t: RecordType, values: dict[str, Any]) -> Any:
    """Creates a record from a validated body. Refuses with `validation_failed`, `number_taken`, `key_taken`."""
    jurisdiction = _jurisdiction(asking.caller, values.pop("jurisdiction", None))
    _require_references(t, values)
    number = values.pop("number", None)
    if t.numbering.formula:
        made = t.numbering.formula(jurisdiction, values)
        if number not in (None, made):
            raise invalid(Fault("/number", "number_is_made", {"number": made}))
        number = made
    values = {k: v for k, v in values.items() if v is not None}
    spelling, values = spelled(t, values)
    values = {**t.defaults, **values}
    values, sealed = seal_values(asking.ledger.seal, t, values)
    follows = t.lifecycle.follows_create
    sql = insert_sql(t.name, asking.ledger.registry, spelling, number is not None, row=ROW if follows else "")
    identifier = str(uuid_utils.uuid7())
    arguments = (identifier, jurisdiction, 1, number, t.lifecycle.initial, orjson.dumps(values).decode())
    async with asking.connection(transaction=bool(follows or sealed) or t.refers_by_hand) as connection:
        await _check(asking, connection, t, None, values, jurisdiction)
        row = await connection.fetchrow(sql, asking.context("create"), *arguments)
        if row is None:
            await refuse_references(asking, connection, t, spelling, values, jurisdiction)
            raise Refusal("busy")
        await store_sealed(connection, asking.context(), jurisdiction, sealed)
        await bring_about(asking, connection, t, follows, row, "create")
    return row


def _jurisdiction(caller: Caller, given: str | None) -> str:
    if given is None:
        if caller.code is None:
            raise Refusal("jurisdiction_required", faults=[Fault("/jurisdiction", "jurisdiction_required")])
        return caller.code
    if not caller.covers(given):
        raise invalid(Fault("/jurisdiction", "jurisdiction_outside"))
    return given


def _require_references(t: RecordType, values: Mapping[str, Any]) -> None:
    missing = [
        Fault(f"/{f.number_column}", "required", {"label": f.label})
        for f in t.references
        if f.required and f.writable and not values.get(f.id_column) and not values.get(f.number_column)
    ]
    if missing:
        raise invalid(*missing)


async def _check(
    asking: Asking, connection: Any, t: RecordType, old: Mapping[str, Any] | None, new: Mapping[str, Any], code: str | None
) -> None:
    if t.check is None:
        return
    rows = await carried(asking, connection, t, new, code, lock=True) if t.refers_by_hand else {}
    verdict = Verdict(rows)
    t.check(verdict, old, new)
    if verdict.faults:
        raise invalid(*verdict.faults)


async def refuse_references(
    asking: Asking, connection: Any, t: RecordType, spelling: Spelling, values: Mapping[str, Any], code: str | None
) -> None:
    """The second look after a write that found some reference missing: says which. Absent and hidden are one answer."""
    faults = []
    for name, how in spelling.given:
        f = t.reference(name)
        member = f.number_column if how == "number" else f.id_column
        wanted = values[member] if f.many else [values[member]]
        target = asking.ledger.registry.by_path[f.to]
        column = "number" if how == "number" else "id"
        found = await connection.fetch(
            f"select x.id, x.number from {target.table} x where x.{column}::text = any($2::text[])"  # noqa: S608  # names of the registry
            f" and ($3::text is null or x.jurisdiction = $3) and x.state <> '{VOIDED}' and {GATE}",
            asking.context(), wanted, code,
        )  # fmt: skip
        if len(found) < len(set(wanted)):
            faults.append(Fault(f"/{member}", "reference_not_found", {"label": f.label}))
        elif how == "both" and not _agree(f, found, values):
            faults.append(Fault(f"/{f.number_column}", "reference_disagrees", {"label": f.label}))
        elif f.many and len(set(wanted)) < len(wanted):
            faults.append(Fault(f"/{member}", "listed_twice", {"label": f.label}))
    if faults:
        raise invalid(*faults)


def _agree(f: Reference, found: Sequence[Any], values: Mapping[str, Any]) -> bool:
    numbers = {str(x["id"]): x["number"] for x in found}
    ids = values[f.id_column]
    named: Any = [numbers[i] for i in ids] if f.many else numbers[ids]
    return bool(named == values[f.number_column])


async def bring_about(
    asking: Asking,
    connection: Any,
    t: RecordType,
    follows: Sequence[Consequence],
    row: Any,
    action: str,
    body: Mapping[str, Any] | None = None,
) -> None:
    """Carries out what a write brings about in the records it refers to, in the same transaction."""
    if not follows:
        return
    written = orjson.loads(row["row"])
    for consequence in follows:
        if consequence.when and not consequence.when(written):
            continue
        f = t.reference(consequence.reference)
        ids = (body or {}).get(f.id_column) or written.get(f.id_column)
        if not ids:
            continue
        target = asking.ledger.registry.by_path[f.to]
        transition = target.lifecycle.transition(consequence.action)
        values = {own: written[other] for own, other in consequence.values.items()}
        await transit(asking, connection, target, transition, ids if f.many else [ids], values, f"{t.label} {written['number']}")


async def transit(
    asking: Asking,
    connection: Any,
    t: RecordType,
    transition: Transition,
    ids: Sequence[str],
    values: Mapping[str, Any],
    reason: str,
) -> None:
    """Moves other records along one arrow where it applies to them; elsewhere nothing happens."""
    own = tuple(c for c in values if c in t.columns and c not in transition.derives)
    unmoved = transition.to is None  # an arrow that keeps the state is only worth a revision if it changes something
    change = Change(
        own, Spelling(()), transition, transition.to, transition.origins, check_version=False, skip_unchanged=unmoved
    )
    source = """select unnest($2::uuid[]) as id, null::text as jurisdiction, null::int as version, null::text as number,
        null::text as state, $3::jsonb as values, false as imported, null::jsonb as line"""
    sql = update_sql(t.name, asking.ledger.registry, change, source)
    context = asking.context(transition.action, reason=reason)
    await connection.fetch(sql, context, list(ids), orjson.dumps(dict(values)).decode())

