"""The record of any type to which a new one belongs: looked up with the caller's own eyes before the write."""

from typing import Any

from app.db.context import GUARD
from app.errors import FieldError, invalid
from app.kernel.declare.fields import AnyRecord
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.projection import role_view
from app.kernel.sql.record_rights import ACT, NAME
from app.kernel.store.context import RequestContext


def kinds_written(ctx: RequestContext) -> list[str]:
    """The types of which the caller writes some records at all."""
    rights = role_view(ctx.runtime.registry, ctx.caller.role).rights
    by_path = ctx.runtime.registry.by_path
    return [p for p, r in rights.items() if (r.changes or r.acts) and not by_path[p].of_kind(AnyRecord)]


async def find_owner(ctx: RequestContext, t: RecordType, values: dict[str, Any], code: str) -> None:
    """Fill in identifier and number of the record that a body names, and the series of the new one's number.

    Refuses one that does not exist for the caller, or that it may not act on, or that is voided: all are one answer.
    """
    for f in t.of_kind(AnyRecord):
        kind, (id_column, number_column) = values[f.kind], f.columns
        if kind not in (known := kinds_written(ctx)):
            raise invalid(FieldError(f"/{f.kind}", "not_a_choice", {}, known))
        record_id, number = values.get(id_column), values.get(number_column)
        if record_id is None and number is None:
            raise invalid(FieldError(f"/{number_column}", "required", {"label": f.label}))
        row = await _found(ctx, ctx.runtime.registry.by_path[kind], record_id, number, code)
        member = id_column if number is None else number_column
        if row is None:
            raise invalid(FieldError(f"/{member}", "reference_not_found", {"label": f.label}))
        if number not in (None, row["number"]):
            raise invalid(FieldError(f"/{number_column}", "reference_disagrees", {"label": f.label}))
        values |= {id_column: str(row["id"]), number_column: row["number"]}
        if t.numbering.within == "record":
            values["series"] = f"{row['round'] or code}-{t.numbering.letter}-"


async def _found(ctx: RequestContext, target: RecordType, record_id: str | None, number: str | None, code: str) -> Any:
    in_round = any(f.name == "round" for f in target.references)
    of_round = "x.round_number" if in_round else "x.number" if target.numbering.formula else "null"
    sql = (
        f"select x.id, x.number, {of_round} as round from {target.table} x where x.jurisdiction = $2"
        f" and x.{'id' if record_id else 'number'}::text = $3 and x.state <> '{VOIDED}'"
        f" and {NAME}('{ACT}', '{target.path}', x.jurisdiction, x.id) and {GUARD}"
    )
    async with ctx.connection(target) as connection:
        return await connection.fetchrow(sql, ctx.context(), code, record_id or number)
