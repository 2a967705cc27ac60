"""Which rounds and teams exist for a unit or a team is found by the gate, and not by each policy that asks."""

from ddl import run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run("places")


def downgrade() -> None:
    run("places_undone")
