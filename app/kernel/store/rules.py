"""Runs the rule of a type (`check`) on a record that is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.db.context import GUARD
from app.errors import FieldError, invalid
from app.kernel.declare.record_type import RecordType
from app.kernel.store.context import RequestContext
from app.kernel.store.pending import PendingChange
from app.kernel.store.refusals import require_current_on


@dataclass
class RuleContext:
    """What a rule is given (`declare.record_type.Check`): values of referenced records, and a place for its errors.

    referenced_rows   field -> column -> value of the record that the field names
    imported          whether the row comes from an old ledger, in which rules on values are warnings
    """

    referenced_rows: Mapping[str, Any]
    imported: bool = False
    field_errors: list[FieldError] = field(default_factory=list)
    warnings: list[FieldError] = field(default_factory=list)

    def referenced(self, reference: str, column: str) -> Any:
        """A column of the record that `reference` names; None if it names none."""
        return (self.referenced_rows.get(reference) or {}).get(column)

    def field_error(self, pointer: str, code: str, *, in_old_ledgers: bool = False, **params: Any) -> None:
        """Add an error of a member; for a row of an old ledger a warning, unless the rule holds there, too."""
        found = self.warnings if self.imported and not in_old_ledgers else self.field_errors
        found.append(FieldError(f"/{pointer}", code, params, params.pop("allowed", None)))


async def check_create(
    ctx: RequestContext, connection: Any, t: RecordType, values: Mapping[str, Any], jurisdiction: str
) -> None:
    """Run the type's rule on a record that is to be created. Refuses with `validation_failed`."""
    await _run_rule(ctx, connection, t, None, values, jurisdiction)


async def check_change(ctx: RequestContext, connection: Any, pending: PendingChange) -> None:
    """Read the old row, then ask for the members that the action needs and run the type's rule.

    Refuses as `require_current` does, then with `validation_failed`. From a state that the action does not start from
    nothing is said here: the UPDATE will write nothing, and `explain` names the legal actions.
    """
    t, transition = pending.t, pending.transition
    row = await require_current_on(ctx, connection, t, pending.record_id, pending.asked)
    old = orjson.loads(row["row"])
    if transition and old["state"] not in transition.origins:
        return
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
    await _run_rule(ctx, connection, t, old, new, old["jurisdiction"])


async def _run_rule(
    ctx: RequestContext, connection: Any, t: RecordType, old: Mapping[str, Any] | None, new: Mapping[str, Any],
    jurisdiction: str,
) -> None:  # fmt: skip
    if t.check is None:
        return
    rows = await referenced(ctx, connection, t, new, jurisdiction) if t.rule_reads_references else {}
    rule = RuleContext(rows)
    t.check(rule, old, new)
    if rule.field_errors:
        raise invalid(*rule.field_errors)


async def referenced(
    ctx: RequestContext, connection: Any, t: RecordType, values: Mapping[str, Any], jurisdiction: str
) -> dict[str, Any]:
    """The columns that the rule `requires` of referenced records, which are locked: field -> column -> value(s).

    The rule reads only records that the caller sees, but also those of their columns that are hidden from the caller:
    whom a clue is about. A list of references gives lists of values.
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
            f" and x.jurisdiction = $3 and {GUARD}",
            ctx.context(), [keys] if isinstance(keys, str) else list(keys), jurisdiction,
        )  # fmt: skip
        columns = ", ".join(f"to_jsonb({target.column_sql(c, 'x')}) as {c}" for c in f.requires)
        async with ctx.as_system(connection):
            rows = await connection.fetch(
                f"select {columns} from {target.table} x where x.id = any($2::uuid[]) and {GUARD} for share of x",
                ctx.context(), [row["id"] for row in visible],
            )  # fmt: skip
        lists = {c: [orjson.loads(row[c]) if row[c] else None for row in rows] for c in f.requires}
        found[f.name] = lists if f.many else {c: (v[0] if v else None) for c, v in lists.items()}
    return found
