"""The work list (工作清单) of a round, counted by a database role that reads only the columns figures need."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from app.db.context import FIGURES_ROLE, GUARD
from app.errors import Refusal
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.values import NUMBER, is_identifier
from app.kernel.sql.cursors import cursor_text, cursor_values
from app.kernel.sql.listing import Condition, Listing
from app.kernel.store import RequestContext
from app.records import REGISTRY
from app.reports.figures import FIGURES, RECORDS, Counts, Figure, counting_sql

ROUNDS = REGISTRY.by_path["rounds"]
ALL = tuple((figure, figure.counts) for figure in FIGURES)
ROUND_ROWS = "select t.id, t.jurisdiction, t.number, t.year, t.sequence from round t"
BY_NUMBER = (("number", False), ("id", False))
TEMPLATE = (
    "{teams}个巡察组，下沉到{village_groups}个村组，走访贫困户{households}，了解谈话{interviews}；"
    "反馈{feedback_categories}大类{finding_items}项问题，提出整改意见{rectification_opinions}条，"
    "移交问题线索{clues_transferred}条；立案审查{persons_case_filed}人，问责{persons_held_accountable}人，"
    "集体约谈{units_collectively_summoned}个单位，移送司法{persons_referred_judicial}人。"
)


def spoken(amount: Mapping[str, Any], unit: str, more: str) -> str:
    """A quantity as the published report writes it: 312户, 300余户 (`more` is 余 or 多), 约300户."""
    value, qualifier = amount["value"], amount["qualifier"]
    if qualifier == "about":
        return f"约{value}{unit}"
    return f"{value}{more if qualifier == 'at_least' else ''}{unit}"


def sentence(members: Mapping[str, Any]) -> str:
    """The work list in one sentence, in the wording of the published report (domain.md 1.1). A 0 is written, too."""
    return TEMPLATE.format_map(
        {
            **members,
            "village_groups": members["targets"]["village_groups"],
            "households": spoken(members["households_visited"], "户", "余"),
            "interviews": spoken(members["interviews"], "人次", "多"),
        }
    )


def _value(counts: Counts, found: Any) -> Any:
    return orjson.loads(found) if counts.quantity else found


def document(row: Any) -> dict[str, Any]:
    """The answer, made of one row of the counting statement."""
    members: dict[str, Any] = {"round_id": str(row["id"]), "round_number": row["number"]}
    members |= {name: row[name] for name in ("jurisdiction", "year", "sequence")}
    for i, (figure, counts) in enumerate(ALL):
        group, _, member = figure.name.rpartition(".")
        place = members.setdefault(group, {}) if group else members
        place[member] = _value(counts, row[str(i)])
    return {**members, "text": sentence(members)}


async def counted(
    ctx: RequestContext, rounds: str, columns: Sequence[tuple[Figure, Counts]], *arguments: Any
) -> list[Any]:
    """Count in one statement for every row of `rounds`, a statement whose $1 is the caller's context."""
    sql = counting_sql(rounds, columns)

    async def count(connection: Any) -> list[Any]:
        return list(await connection.fetch(sql, ctx.context(), *arguments))

    return await ctx.read_lagging(FIGURES_ROLE, count)


async def find_round(ctx: RequestContext, key: str) -> tuple[str, str]:
    """Jurisdiction and identifier of a round. Refuses with `not_found`, or `ambiguous_number` (409)."""
    column, kind = ("id", "::uuid") if is_identifier(key) else ("number", "")
    if not kind and not NUMBER.match(key):
        raise Refusal("not_found", label=ROUNDS.label)
    pool = ctx.runtime.pools[FIGURES_ROLE]
    sql = f"select t.jurisdiction, t.id::text, t.number from round t where t.{column} = $2{kind} and {GUARD} limit 20"
    rows = await pool.fetch(sql, ctx.context(), key)
    if not rows:
        raise Refusal("not_found", label=ROUNDS.label)
    if len(rows) > 1:
        raise Refusal("ambiguous_number", number=key, members={"candidates": [dict(r) for r in rows]})
    return rows[0]["jurisdiction"], rows[0]["id"]


ONE_ROUND = f"{ROUND_ROWS} where t.jurisdiction = $2 and t.id = $3::uuid and {GUARD}"


async def work_list(ctx: RequestContext, key: str) -> dict[str, Any]:
    """The work list of one round, by identifier or number."""
    found = await find_round(ctx, key)
    rows = await counted(ctx, ONE_ROUND, ALL, *found)
    if not rows:  # the replica does not know the round yet
        rows = await counted(replace(ctx, lags=False), ONE_ROUND, ALL, *found)
    return document(rows[0])


async def figure_of(ctx: RequestContext, figure: Figure, code: str, round_id: str) -> tuple[Any, int]:
    """A figure's value, and how many records it is counted over."""
    columns = ((figure, figure.counts), (figure, RECORDS))
    row = (await counted(ctx, ONE_ROUND, columns, code, round_id))[0]
    return _value(figure.counts, row["0"]), row["1"]


async def work_lists(
    ctx: RequestContext, prefix: str, year: int | None, limit: int, cursor: str | None, key: bytes
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of work lists, one for each live round of the divisions under the prefix, and the next cursor."""
    conditions = [Condition("t.jurisdiction >= {}", prefix), Condition("t.jurisdiction < {}", f"{prefix}:")]
    if year is not None:
        conditions.append(Condition("t.year = {}", year))
    wanted = Listing(tuple(conditions), BY_NUMBER, limit, cursor)
    arguments: list[Any] = []
    where = [GUARD, f"t.state <> '{VOIDED}'"]
    for condition in conditions:
        arguments.append(condition.value)
        where.append(condition.sql.format(f"${len(arguments) + 1}"))
    last = cursor_values(key, ROUNDS, wanted)
    if last is not None:
        arguments += last
        where.append(f"(t.number, t.id) > (${len(arguments)}, ${len(arguments) + 1}::text::uuid)")
    rounds = f"{ROUND_ROWS} where {' and '.join(where)} order by t.number, t.id limit {limit + 1}"
    rows = sorted(await counted(ctx, rounds, ALL, *arguments), key=lambda row: (row["number"], row["id"]))
    if len(rows) <= limit:
        return [document(row) for row in rows], None
    last_row = rows[limit - 1]
    following = cursor_text(key, ROUNDS, wanted, [last_row["number"], str(last_row["id"])])
    return [document(row) for row in rows[:limit]], following
