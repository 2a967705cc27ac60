"""What made many rows dear: a foreign key looked up for each row of a plan, indexes against the order of arrival."""

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


def upgrade() -> None:
    op.execute("alter table import_row drop constraint import_row_import_id_fkey")
    op.execute("comment on column import_row.import_id is 'The import whose job has written the row'")
    _indexed("")


def downgrade() -> None:
    """No row of a plan is without its import: nothing is lost on the way."""
    op.execute("comment on column import_row.import_id is null")
    op.execute("alter table import_row add foreign key (import_id) references import_job (id)")
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
