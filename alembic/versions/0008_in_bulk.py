"""Indexes kept in the order of arrival and without a waiting list; no foreign key looked up for each row of a plan."""

from collections.abc import Iterator

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = (
    "unit", "person", "round", "finding_category", "team", "team_member", "target", "visit", "finding",
    "feedback_session", "rectification_opinion", "immediate_rectification", "clue", "clue_transfer", "case_filing",
    "accountability_decision", "admonishment", "judicial_referral", "look_back", "consultation",
)  # fmt: skip
OF_ROUNDS = (
    "finding_category", "team", "target", "visit", "finding", "feedback_session", "rectification_opinion",
    "immediate_rectification", "clue", "clue_transfer", "case_filing", "accountability_decision", "admonishment",
    "judicial_referral", "look_back", "consultation",
)  # fmt: skip
OF_TEAMS = ("target", "visit", "finding", "immediate_rectification", "clue", "look_back", "team_member")
AUDIENCES = (
    "person", "team", "team_member", "target", "visit", "finding", "feedback_session", "rectification_opinion",
    "immediate_rectification", "clue", "clue_transfer", "case_filing", "accountability_decision", "admonishment",
    "look_back", "consultation",
)  # fmt: skip


def upgrade() -> None:
    op.execute("alter table import_row drop constraint import_row_import_id_fkey")
    op.execute("comment on column import_row.import_id is 'The import whose job has written the row'")
    _indexed("")
    for table in AUDIENCES:  # what waited to be sorted in was read by every list of a unit: 0.4 of 1.2 ms
        op.execute(f"alter index ix_{table}_audience reset (gin_pending_list_limit)")
        op.execute(f"alter index ix_{table}_audience set (fastupdate = off)")
        op.execute(f"select gin_clean_pending_list('ix_{table}_audience')")


def downgrade() -> None:
    """No row of a plan is without its import: nothing is lost on the way."""
    op.execute("comment on column import_row.import_id is null")
    op.execute("alter table import_row add foreign key (import_id) references import_job (id)")
    for table in AUDIENCES:
        op.execute(f"alter index ix_{table}_audience reset (fastupdate)")
        op.execute(f"alter index ix_{table}_audience set (gin_pending_list_limit = 64)")
    _indexed(" desc")


def _indexed(way: str) -> None:
    """By the moment of creation, which rises: Postgres appends to such an index, and fills its pages."""
    for index, table, columns in _indexes():
        op.execute(f"drop index {index}")
        op.execute(f"create index {index} on {table} ({columns}, created_at{way}, id{way})")


def _indexes() -> Iterator[tuple[str, str, str]]:
    for table in TABLES:
        yield f"ix_{table}_newest", table, "jurisdiction"
    for table in OF_ROUNDS:
        yield f"ix_{table}_round", table, "jurisdiction, round_id"
    for table in OF_TEAMS:
        yield f"ix_{table}_team_id", table, "jurisdiction, team_id"
