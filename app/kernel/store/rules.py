"""Runs the rule of a type (`check`) on a record that is written."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import IN_FULL, RecordType
from app.kernel.sql.reference_joins import ReferenceInputs
from app.kernel.store.context import RequestContext
from app.kernel.store.locks import CHANGED, LOOKED_AT, lock_records
from app.kernel.store.pending import PendingChange
from app.kernel.store.reference_checks import refuse_references
from app.kernel.store.refusals import refuse_masked, require_current_on


@dataclass
class RuleContext:
    """What a rule is given (`declare.record_type.Check`): values of referenced records, and a place for its errors.

    referenced_rows   field -> column -> value of the record that the field names
    imported          whether the row comes from an old ledger, in which rules on values are warnings
    given             columns that the request gives, also where they then hold what they held; none of an old ledger
    in_full           whether nothing of the record as it was is hidden from the caller
    field_errors      of values; in an old ledger they are warnings
    rejections        of members; they reject the row of an old ledger, too
    refusals          of the whole write
    """

    referenced_rows: Mapping[str, Any]
    imported: bool = False
    in_full: bool = True
    given: Set[str] = frozenset()
    field_errors: list[FieldError] = field(default_factory=list)
    rejections: list[FieldError] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def referenced(self, reference: str, column: str) -> Any:
        """A column of the record that `reference` names; None if it names none."""
        return (self.referenced_rows.get(reference) or {}).get(column)

    def field_error(self, pointer: str, code: str, **params: Any) -> None:
        """Add an error of a member."""
        self.field_errors.append(FieldError(f"/{pointer}", code, params, params.pop("allowed", None)))

    def reject(self, pointer: str, code: str, **params: Any) -> None:
        """Add an error of a member that no old ledger is forgiven."""
        self.rejections.append(FieldError(f"/{pointer}", code, params))

    def refuse(self, code: str, **params: Any) -> None:
        """Add a refusal of the whole write."""
        self.refusals.append(Refusal(code, **params))


async def check_create(
    ctx: RequestContext, connection: Any, t: RecordType, values: Mapping[str, Any], jurisdiction: str,
    inputs: ReferenceInputs,
) -> None:  # fmt: skip
    """Run the type's rule on a record that is to be created. Refuses with `validation_failed`, or as the rule says."""
    if refusal := await _run_rule(ctx, connection, t, None, values, jurisdiction):
        await refuse_references(ctx, connection, t, inputs, values, jurisdiction)
        raise refusal


async def check_change(ctx: RequestContext, connection: Any, pending: PendingChange) -> None:
    """Read the old row, then ask for the members that the action needs and run the type's rule.

    Refuses as `require_current` does, then with `validation_failed`. Of a voided record, and from a state that the
    action does not start from, nothing is said here: the UPDATE will write nothing, and `explain` says why.
    """
    t, transition = pending.t, pending.transition
    row = await require_current_on(ctx, connection, t, pending.record_id, pending.asked)
    old = orjson.loads(row["row"])
    if old["state"] == VOIDED or (transition and old["state"] not in transition.origins):
        return
    if transition is None:
        refuse_masked(pending.t, pending.asked, row["document"])
    cleared = {c: None for name in pending.inputs.cleared for c in t.reference(name).columns}
    values: Mapping[str, Any] = {**pending.values, **cleared}
    new = {**old, **values}
    needs = transition.needs if transition else ()
    missing = [FieldError(f"/{c}", "required", {"label": t.field(c).label}) for c in needs if not new.get(c)]
    if missing:
        raise invalid(*missing)
    for f in t.references:  # a reference given by number replaces the identifier, and the other way round
        if f.id_column in values or f.number_column in values:
            new |= {c: values.get(c) for c in f.columns}
    moved = frozenset(effect.reference for effect in pending.effects)
    in_full = not orjson.loads(row["document"])["masked"]
    if refusal := await _run_rule(ctx, connection, t, old, new, old["jurisdiction"], moved, in_full, values.keys()):
        # The rule may have waited for a lock while the record itself was changed.
        await require_current_on(ctx, connection, t, pending.record_id, pending.asked)
        await refuse_references(ctx, connection, t, pending.inputs, pending.values, old["jurisdiction"], old)
        raise refusal


async def _run_rule(
    ctx: RequestContext, connection: Any, t: RecordType, old: Mapping[str, Any] | None, new: Mapping[str, Any],
    jurisdiction: str, moved: frozenset[str] = frozenset(), in_full: bool = True, given: Set[str] = frozenset(),
) -> Refusal | None:  # fmt: skip
    """Run the rule. Refuses with `validation_failed`; returns what it refuses the whole write with, if anything."""
    if t.check is None:
        return None
    rows = await referenced(ctx, connection, t, new, jurisdiction, moved) if t.rule_reads_references else {}
    rule = RuleContext(rows, in_full=in_full, given=given)
    t.check(rule, old, new)
    if errors := (*rule.field_errors, *rule.rejections):
        raise invalid(*errors)
    return rule.refusals[0] if rule.refusals else None


async def referenced(
    ctx: RequestContext, connection: Any, t: RecordType, values: Mapping[str, Any], jurisdiction: str,
    moved: frozenset[str] = frozenset(),
) -> dict[str, Any]:  # fmt: skip
    """The columns that the rule `requires` of referenced records, which are locked: field -> column -> value(s).

    The rule reads only live records that the caller sees, but also those of their columns that are hidden from the
    caller: whom a clue is about. A list of references gives lists of values. They are locked in a statement before the
    one that reads them: what is derived of other records (of whom a unit is kin) would be that of before the wait.
    `moved` are the references whose records the write is going to change. They are locked for a change at once, since
    two writers who both share a lock would wait for each other; and all are locked in the order of their identifiers.
    """
    found: dict[str, Any] = {}
    for f in t.references:
        keys = values.get(f.id_column) or values.get(f.number_column)
        if not f.requires or not keys:
            continue
        target = ctx.runtime.registry.by_path[f.to]
        column = "id" if values.get(f.id_column) else "number"
        visible = await connection.fetch(
            f"select x.id from {target.table} x where x.{column}::text = any($2::text[])"
            f" and x.jurisdiction = $3 and x.state <> '{VOIDED}' and {GUARD}",
            ctx.context(), [keys] if isinstance(keys, str) else list(keys), jurisdiction,
        )  # fmt: skip
        lock = CHANGED if f.name in moved else LOOKED_AT
        columns, ids = required_columns(ctx, target, (*f.requires, IN_FULL)), [row["id"] for row in visible]
        async with ctx.as_system(connection):
            await lock_records(ctx, connection, target, ids, lock)
            rows = await connection.fetch(
                f"select {columns} from {target.table} x where x.id = any($2::uuid[])"
                f" and x.state <> '{VOIDED}' and {GUARD} order by x.id",
                ctx.context(), ids,
            )  # fmt: skip
        lists = {c: [orjson.loads(row[c]) if row[c] else None for row in rows] for c in (*f.requires, IN_FULL)}
        found[f.name] = lists if f.many else {c: (v[0] if v else None) for c, v in lists.items()}
    return found


def required_columns(ctx: RequestContext, target: RecordType, names: Iterable[str]) -> str:
    """The select list, over the record `x`, of what a rule reads of it: each column as JSON, `IN_FULL` among them."""
    shown = {IN_FULL: ctx.view.in_full(target, "x")}
    return ", ".join(f"to_jsonb({shown.get(c) or target.column_sql(c, 'x')})::text as {c}" for c in names)
