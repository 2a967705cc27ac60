"""What is kept, and what of it is on record: imports enter the stored records that their reports show."""

from ddl import run

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run("import_reads")


def downgrade() -> None:
    op.execute("drop policy ledger_loader on access_log")
    op.execute("revoke all on access_log from ledger_ledger_loader")
