"""Lets `alembic revision --autogenerate` see CHECK constraints, which Alembic does not compare by itself.

A new state, a new code of a vocabulary, a new role: each widens a CHECK. Postgres stores a condition in a form of its
own, so the declared one is given to a temporary table and read back.
"""

from typing import Any

from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import CheckConstraint, Column, Connection, MetaData, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.elements import conv

DEFINITIONS = """select conname, pg_get_constraintdef(oid) from pg_constraint
  where contype = 'c' and conrelid = cast(:name as regclass)"""


# What a comparison is told to use. Comments are not compared: they are installed from the declarations.
PLUGINS = ("alembic.autogenerate.*", "~alembic.autogenerate.comments", "ledger.checks")


def _compare(context: Any, found: Any, schema: Any, name: str, there: Any, declared: Any) -> PriorityDispatchResult:
    if there is None or declared is None:
        return PriorityDispatchResult.CONTINUE  # made with the table, or gone with it
    wanted = {str(c.name): c for c in declared.constraints if isinstance(c, CheckConstraint)}
    have = _definitions(context.connection, name)
    want = _normal(context.connection, declared, wanted)
    for check in sorted(have.keys() - want.keys() | {c for c in have if have[c] != want.get(c)}):
        # `conv`: the name is whole, and the convention of names must not be put before it once more.
        condition = text(have[check].removeprefix("CHECK (").removesuffix(")"))
        old = CheckConstraint(condition, name=conv(check), table=there)
        found.ops.append(ops.DropConstraintOp.from_constraint(old))
    for check in sorted(c for c in want if have.get(c) != want[c]):
        found.ops.append(ops.AddConstraintOp.from_constraint(wanted[check]))
    return PriorityDispatchResult.CONTINUE


def _definitions(connection: Connection, name: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(text(DEFINITIONS), {"name": name})}


def _normal(connection: Connection, declared: Table, wanted: dict[str, CheckConstraint]) -> dict[str, str]:
    """The declared conditions in the form in which Postgres stores them."""
    Table("checked", MetaData(), *(Column(c.name, c.type) for c in declared.c), prefixes=["temporary"]).create(
        connection
    )
    for check, constraint in wanted.items():
        condition = constraint.sqltext.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # untyped
        connection.exec_driver_sql(f'alter table checked add constraint "{check}" check ({condition})')
    normal = _definitions(connection, "pg_temp.checked")
    connection.exec_driver_sql("drop table checked")
    return normal


Plugin("ledger.checks").add_autogenerate_comparator(_compare, "table", "checks")
