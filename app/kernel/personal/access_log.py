"""The access log: each read of a type that declares `logged` is entered by the very statement that reads.

The read is a CTE, the entry another one beside it: one round trip as before, and one transaction, so that nothing is
answered whose entry was not committed. The statement of a type that is not logged does without. The entry names
records, never what stands in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from app.db.context import GUARD
from app.kernel.declare.record_type import RecordType

if TYPE_CHECKING:
    from app.kernel.store.context import RequestContext

KINDS = {
    "read": "查看",
    "list": "清单",
    "history": "修订史",
    "figure": "统计所数的记录",
    "find": "按身份证号查找",
    "reveal": "显示隐去的内容",
    "log": "查阅访问日志",
    "revisions": "查阅修订目录",
}
PURPOSES = {"handling": "办理", "verification": "核实", "supervision": "监督", "correction": "更正"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What kind of read a statement is.

    members   sealed members that are shown, or asked by; a `reveal` that names none was refused
    shown     how many of its rows are answered, where it reads one more to know whether there is another page
    """

    kind: str
    members: tuple[str, ...] = ()
    purpose: str | None = None
    shown: int | None = None

    @property
    def tells_by_absence(self) -> bool:
        """Whether having found nothing is an answer, too: who asks for a number learns that it is not there."""
        return self.kind in ("list", "find", "figure")


READ, HISTORY = Reading("read"), Reading("history")


def with_log_entry(
    ctx: "RequestContext", t: RecordType, reading: Reading, sql: str, arguments: Sequence[Any], of_all: str = ""
) -> tuple[str, list[Any]]:
    """The statement with its entry, and its arguments. `sql` gives the column `id` of the records that it reads.

    `of_all` is a query over all of `{answered}`, where that is the answer and not its rows.
    """
    if not t.access.logged and reading.kind != "reveal":
        return _over(of_all, sql) if of_all else sql, list(arguments)
    n = len(arguments)
    limit = f" limit {reading.shown}" if reading.shown else ""
    found = "" if reading.tells_by_absence else " having count(*) > 0"
    whole = f"""with answered as materialized ({sql}), entered as (
  insert into access_log (jurisdiction, role, kind, record_type, record_ids, members, purpose)
  select ${n + 1}::text, ${n + 2}::text, '{reading.kind}', '{t.path}', coalesce(array_agg(distinct x.id), '{{}}'),
    ${n + 3}::text[], ${n + 4}::text
  from (select id from answered{limit}) x where {GUARD}{found})
{of_all.format(answered="answered") or "select * from answered"}"""
    more = [ctx.caller.code, ctx.caller.role, list(reading.members), reading.purpose]
    return whole, [*arguments, *more]


def with_log_entries_by_type(
    ctx: "RequestContext", types: Sequence[str], shown: int, sql: str, arguments: Sequence[Any]
) -> tuple[str, list[Any]]:
    """A page of rows that show what is stored of records, with an entry for each of these types that is among them.

    `sql` gives the columns jurisdiction, type, record_id and changes; these are empty where nothing stored is shown.
    """
    if not types:
        return sql, list(arguments)
    n = len(arguments)
    whole = f"""with answered as materialized ({sql}), entered as (
  insert into access_log (jurisdiction, role, kind, record_type, record_ids)
  select x.jurisdiction, ${n + 1}::text, '{READ.kind}', x.type, array_agg(distinct x.record_id)
  from (select * from answered limit {shown}) x
  where x.type = any(${n + 2}::text[]) and x.changes <> '[]' and {GUARD} group by x.jurisdiction, x.type)
select * from answered"""
    return whole, [*arguments, ctx.caller.role, list(types)]


@lru_cache(maxsize=2048)
def _over(of_all: str, sql: str) -> str:
    return of_all.format(answered=f"({sql}) answered")


async def enter(ctx: "RequestContext", connection: Any, t: RecordType, reading: Reading, record_id: Any) -> None:
    """An entry of its own, for a record that a write looked at and answers without having changed it."""
    if t.access.logged:
        sql, arguments = with_log_entry(
            ctx, t, reading, f"select $2::uuid as id where {GUARD}", (ctx.context(), record_id)
        )
        await connection.execute(sql, *arguments)
