"""The deadline rules: read, entered, withdrawn. A row is never changed: another one stands in its place."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.clock import SHANGHAI
from app.db.context import GUARD
from app.deadlines.rules import LABELS, TRIGGERS
from app.errors import Refusal
from app.kernel.declare.values import is_identifier
from app.kernel.store import RequestContext

COLUMNS = (
    "jurisdiction", "rule", "valid_from", "valid_to", "amount", "unit", "roll", "extension_amount", "extension_times",
    "warn_days", "idle_days", "steps", "citation", "remark", "reason",
)  # fmt: skip
READ = """p.id::text, p.jurisdiction, p.rule, p.valid_from::text, p.valid_to::text, p.amount, p.unit, p.roll,
  p.extension_amount, p.extension_times, p.warn_days, p.idle_days, p.steps::text, p.citation, p.remark, p.shipped,
  p.entered_by, p.entered_at, p.reason, p.replaced_at, p.replaced_by, p.replaced_why"""
LABEL = "期限规则"
WARN_DAYS = 3
REPLACED = "replaced_at = now(), replaced_by = caller_context() ->> 'sub', replaced_why = $5"


def document(row: Any) -> dict[str, Any]:
    """A rule as the API answers it."""
    names = [part.split(".")[1].split("::")[0].strip() for part in READ.split(",")]
    found = {name: row[name] for name in names}
    found["steps"] = orjson.loads(row["steps"])
    for name in ("entered_at", "replaced_at"):
        found[name] = row[name].astimezone(SHANGHAI).isoformat() if row[name] else None
    return {**found, "label": LABELS[row["rule"]], "trigger": TRIGGERS[row["rule"]]}


async def listed(ctx: RequestContext, rule: str | None, replaced: bool) -> list[dict[str, Any]]:
    """The rules that hold in the caller's divisions; with `replaced` also those that others have replaced."""
    sql = f"""select {READ} from deadline_policy p where {GUARD} and ($2::text is null or p.rule = $2)
      and ($3 or p.replaced_at is null)
      order by p.rule, p.jurisdiction, p.valid_from, p.entered_at"""
    async with ctx.connection() as connection:
        return [document(row) for row in await connection.fetch(sql, ctx.context(), rule, replaced)]


async def find(ctx: RequestContext, connection: Any, policy_id: str) -> dict[str, Any]:
    """A rule by its identifier. Refuses with `not_found`."""
    row = None
    if is_identifier(policy_id):
        sql = f"select {READ} from deadline_policy p where p.id = $2::text::uuid and {GUARD}"
        row = await connection.fetchrow(sql, ctx.context(), policy_id)
    if row is None:
        raise Refusal("not_found", label=LABEL)
    return document(row)


async def enter(ctx: RequestContext, connection: Any, values: Mapping[str, Any]) -> str:
    """Enter a rule in the place of that of the same code, division and first day. Returns its identifier."""
    await connection.execute(
        f"""update deadline_policy set {REPLACED} where rule = $2 and jurisdiction = $3
          and valid_from = $4::text::date and replaced_at is null and {GUARD}""",
        ctx.context(), values["rule"], values["jurisdiction"], values["valid_from"], values["reason"],
    )  # fmt: skip
    given = {name: values.get(name) for name in COLUMNS} | {
        "steps": values.get("steps") or [],
        "warn_days": values.get("warn_days", WARN_DAYS),
    }
    found: str = await connection.fetchval(
        f"""insert into deadline_policy (shipped, entered_by, {', '.join(COLUMNS)})
          select false, caller_context() ->> 'sub', {', '.join(f'v.{name}' for name in COLUMNS)}
          from jsonb_populate_record(null::deadline_policy, $2::text::jsonb) v where {GUARD} returning id::text""",
        ctx.context(), orjson.dumps(given).decode(),
    )  # fmt: skip
    return found


async def withdraw(ctx: RequestContext, connection: Any, policy_id: str, reason: str) -> None:
    """End a rule: from now on another one holds, or none. Refuses with `not_found`, `policy_replaced`."""
    policy = await find(ctx, connection, policy_id)
    done = await connection.execute(
        f"""update deadline_policy set {REPLACED} where id = $2::text::uuid and rule = $3 and jurisdiction = $4
          and replaced_at is null and {GUARD}""",
        ctx.context(), policy_id, policy["rule"], policy["jurisdiction"], reason,
    )  # fmt: skip
    if done != "UPDATE 1":
        raise Refusal("policy_replaced" if policy["replaced_at"] else "jurisdiction_beyond")
