"""Indexes begin with what tells rows apart, and the jurisdiction stands behind it.

Each index of a record table is built anew, which takes as long as `reindex` does.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = (
    "unit", "person", "round", "finding_category", "team", "team_member", "target", "visit", "finding",
    "feedback_session", "rectification_opinion", "immediate_rectification", "clue", "clue_transfer", "case_filing",
    "accountability_decision", "admonishment", "judicial_referral", "look_back", "consultation",
)  # fmt: skip
FOREIGN = """select k.conrelid::regclass::text, k.conname::text, pg_get_constraintdef(k.oid)
  from pg_constraint k where k.contype = 'f' and k.confrelid = '{0}'::regclass"""
INDEXES = """select c.relname::text, array_agg(a.attname::text order by k.n), i.indisunique, k2.contype::text,
    pg_get_expr(i.indpred, i.indrelid)
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam and m.amname = 'btree'
  cross join lateral unnest(i.indkey::int[]) with ordinality k(attnum, n)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  left join pg_constraint k2 on k2.conindid = i.indexrelid and k2.contype in ('p', 'u')
  where i.indrelid = '{0}'::regclass group by 1, 3, 4, 5"""
KINDS = {"p": "primary key", "u": "unique"}


def upgrade() -> None:
    _swapped("jurisdiction", 0)
    _revisions("record_id, record_type, jurisdiction, version")


def downgrade() -> None:
    _swapped("jurisdiction", 1)
    _revisions("jurisdiction, record_type, record_id, version")


def _revisions(columns: str) -> None:
    op.execute(f"alter table revision drop constraint revision_pkey, add primary key ({columns})")


def _swapped(column: str, place: int) -> None:
    """Swaps the first two columns of each index that has this one at this place."""
    with _without_foreign_keys():
        for table in TABLES:
            for name, columns, unique, kind, live in op.get_bind().exec_driver_sql(INDEXES.format(table)).fetchall():
                if columns[place : place + 1] != [column] or name.endswith("_newest"):
                    continue
                swapped = ", ".join((columns[1], columns[0], *columns[2:]))
                if kind:
                    constraint = f"add constraint {name} {KINDS[kind]} ({swapped})"
                    op.execute(f"alter table {table} drop constraint {name}, {constraint}")
                    continue
                op.execute(f"drop index {name}")
                made = f"create {'unique ' if unique else ''}index {name} on {table} ({swapped})"
                op.execute(f"{made} where {live}" if live else made)


@contextmanager
def _without_foreign_keys() -> Iterator[None]:
    """They hang on the index of the primary key, though it holds the same columns before and after."""
    found = [row for table in TABLES for row in op.get_bind().exec_driver_sql(FOREIGN.format(table)).fetchall()]
    for holder, name, _ in found:
        op.execute(f"alter table {holder} drop constraint {name}")
    yield
    for holder, name, definition in found:
        op.execute(f"alter table {holder} add constraint {name} {definition}")
