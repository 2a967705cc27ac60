"""The places of a unit or team are asked for by themselves, and not as a part of its standing."""

from ddl import run

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run("places_apart")


def downgrade() -> None:
    run("places")
    op.execute("drop function ledger_rounds(), ledger_teams()")
