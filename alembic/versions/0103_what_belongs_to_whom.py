"""Roles of makers, what an import belongs to, and look-backs that their unit reads once they are concluded.

The role in which a record was written before is not known: it stays empty. An import belongs to what its maker is now.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0103"
down_revision = "0102"

RECORDS = (
    "accountability_decision", "admonishment", "case_filing", "clue", "clue_transfer", "consultation",
    "feedback_session", "finding", "finding_category", "immediate_rectification", "judicial_referral", "look_back",
    "person", "rectification_opinion", "round", "target", "team", "team_member", "unit", "visit",
)  # fmt: skip
CONCLUDED = "array[team_id, case when conclusion is not null then unit_id end]"
# As caller_ownership() makes it, which is not there while a migration runs.
OWNERSHIP = """coalesce((select encode(substr(sha256(convert_to(
    concat_ws(' ', p.id, p.role, p.low, p.unit_id, p.team_id), 'UTF8')), 1, 16), 'hex')::uuid
  from principal p where p.id = {0}.maker), gen_random_uuid())"""


def upgrade() -> None:
    for table in RECORDS:
        op.add_column(table, sa.Column("created_by_role", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("updated_by_role", sa.Text(), nullable=True))
    op.add_column("revision", sa.Column("actor_role", sa.Text(), nullable=True))
    remade_audience(CONCLUDED)
    for table in ("import_job", "import_row"):
        op.add_column(table, sa.Column("belongs_to", sa.UUID(), nullable=True))
        op.execute(f"update {table} set belongs_to = {OWNERSHIP.format(table)}")  # noqa: S608  # no value of a caller
        op.alter_column(table, "belongs_to", nullable=False)
    op.drop_column("import_row", "maker")


def downgrade() -> None:
    op.add_column("import_row", sa.Column("maker", sa.Text(), nullable=True))
    op.execute("update import_row r set maker = coalesce((select j.maker from import_job j where j.id = r.import_id), '')")
    op.alter_column("import_row", "maker", nullable=False)
    for table in ("import_row", "import_job"):
        op.drop_column(table, "belongs_to")
    remade_audience("array[team_id, unit_id]")
    op.drop_column("revision", "actor_role")
    for table in RECORDS:
        op.drop_column(table, "updated_by_role")
        op.drop_column(table, "created_by_role")


def remade_audience(of: str) -> None:
    """Replace the generated audience of look-backs, with its index."""
    op.drop_column("look_back", "audience")
    kept = sa.Computed(f"coalesce(array_remove({of}, null), '{{}}')", persisted=True)
    op.add_column("look_back", sa.Column("audience", postgresql.ARRAY(sa.UUID()), kept, nullable=True))
    op.create_index(
        "ix_look_back_audience", "look_back", ["audience"], postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )  # fmt: skip
