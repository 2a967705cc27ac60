"""The access log: a statement that reads a type declared `logged` also writes the log entry.

The read is one CTE of the statement and the entry another: one round trip and one transaction, so that no read is
answered before its entry is committed. Statements of other types are unchanged. An entry names records, never their
content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.db.context import GUARD, Caller
from app.kernel.declare.record_type import RecordType

LOG_KINDS = {
    "read": "查看",
    "list": "清单",
    "export": "导出",
    "history": "修订史",
    "figure": "统计所数的记录",
    "find": "按身份证号查找",
    "reveal": "显示隐去的内容",
    "log": "查阅访问日志",
    "revisions": "查阅修订目录",
    "account_changes": "查阅账号改动",
    "sign_ins": "查阅登录记录",
}
PURPOSES = {"handling": "办理", "verification": "核实", "supervision": "监督", "correction": "更正"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What the log entry of a statement says of the read.

    members   sealed members that are shown or searched by; a `reveal` without members was refused
    shown     how many rows are answered, where the statement reads one more to know whether there is another page
    """

    kind: str
    members: tuple[str, ...] = ()
    purpose: str | None = None
    shown: int | None = None

    @property
    def tells_by_absence(self) -> bool:
        """Whether an empty result is an answer, too: a search for an identity number tells that it is not there."""
        return self.kind in ("list", "find", "figure")


READ, HISTORY = Reading("read"), Reading("history")


def with_log_entry(
    caller: Caller, t: RecordType, reading: Reading, sql: str, arguments: Sequence[Any], of_all: str = ""
) -> tuple[str, list[Any]]:
    """The statement `sql` with its log entry, and the arguments of both. `sql` selects the column `id`.

    `of_all` is a query over `{answered}` whose result is the answer in place of the rows themselves.
    """
    if not t.access.logged and reading.kind != "reveal":
        return _over(of_all, sql) if of_all else sql, list(arguments)
    n = len(arguments)
    limit = f" limit {reading.shown}" if reading.shown else ""
    found = "" if reading.tells_by_absence else " having count(*) > 0"
    whole = f"""with answered as materialized ({sql}), log_entry as (
  insert into access_log (jurisdiction, role, kind, record_type, record_ids, members, purpose)
  select ${n + 1}::text, ${n + 2}::text, '{reading.kind}', '{t.path}', coalesce(array_agg(distinct x.id), '{{}}'),
    ${n + 3}::text[], ${n + 4}::text
  from (select id from answered{limit}) x where {GUARD}{found})
{of_all.format(answered="answered") or "select * from answered"}"""
    more = [caller.code, caller.role, list(reading.members), reading.purpose]
    return whole, [*arguments, *more]


def with_log_entries_by_type(
    caller: Caller, types: Sequence[str], shown: int | None, sql: str, arguments: Sequence[Any]
) -> tuple[str, list[Any]]:
    """The statement of a page of an import's report, with one log entry for each of `types` that the page shows.

    `sql` selects jurisdiction, type, record_id, and whether the row `shows` anything that is stored.
    """
    if not types:
        return sql, list(arguments)
    n = len(arguments)
    whole = f"""with answered as materialized ({sql}), log_entry as (
  insert into access_log (jurisdiction, role, kind, record_type, record_ids)
  select x.jurisdiction, ${n + 1}::text, '{READ.kind}', x.type, array_agg(distinct x.record_id)
  from (select * from answered{f" limit {shown}" if shown else ""}) x
  where x.type = any(${n + 2}::text[]) and x.shows and {GUARD} group by x.jurisdiction, x.type)
select * from answered"""
    return whole, [*arguments, caller.role, list(types)]


@lru_cache(maxsize=2048)
def _over(of_all: str, sql: str) -> str:
    return of_all.format(answered=f"({sql}) answered")


async def log_read(
    connection: Any, context: str, caller: Caller, t: RecordType, reading: Reading, record_id: Any
) -> None:
    """Write the log entry of a record that a write read and answers unchanged."""
    if t.access.logged:
        found = f"select $2::uuid as id where {GUARD}"
        sql, arguments = with_log_entry(caller, t, reading, found, (context, record_id))
        await connection.execute(sql, *arguments)


async def log_export(
    connection: Any,
    context: str,
    caller: Caller,
    t: RecordType,
    query: str | None,
    record_ids: Sequence[Any],
    count: int | None,
) -> None:
    """Write a log entry of an export, of any type. One that is not written is refused: what it names is not handed out.

    The first entry of an export has its query, the last one the count; of a type declared `logged` each has the
    records that are handed out next.
    """
    await connection.execute(
        f"""insert into access_log (jurisdiction, role, kind, record_type, record_ids, query, count)
        select $2::text, $3::text, 'export', $4::text, $5::uuid[], $6::text, $7::integer where {GUARD}""",
        context, caller.code, caller.role, t.path, list(record_ids), query, count,
    )  # fmt: skip
