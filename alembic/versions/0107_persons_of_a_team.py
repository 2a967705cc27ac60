"""The team that entered a person stays in its audience: whether a clue was transferred is asked at each read."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0107"
down_revision = "0106"

TRANSFERRED = """select from clue c where c.jurisdiction = person.jurisdiction and c.person_id = person.id
  and c.holder_unit_id is not null"""


def upgrade() -> None:
    kept = sa.Computed("coalesce(array_remove(array[entered_by_team], null), '{}')", persisted=True)
    remade_audience(sa.Column("audience", postgresql.ARRAY(sa.UUID()), kept, nullable=True))


def downgrade() -> None:
    remade_audience(sa.Column("audience", postgresql.ARRAY(sa.UUID()), nullable=False, server_default=sa.text("'{}'")))
    op.execute(
        f"update person set audience = array[entered_by_team] "  # noqa: S608  # no value of a caller
        f"where entered_by_team is not null and not exists ({TRANSFERRED})"
    )


def remade_audience(column: sa.Column[object]) -> None:
    """Replace the audience of persons, with its index."""
    op.drop_column("person", "audience")
    op.add_column("person", column)
    op.create_index(
        "ix_person_audience", "person", ["audience"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )
