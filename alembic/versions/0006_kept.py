"""What is kept, and what of it is on record: imports enter what their rows show, and old rows and entries may go."""

from ddl import drop_kept, run

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run("import_reads")
    run("prune")


def downgrade() -> None:
    """What was removed stays removed."""
    drop_kept("prune_imports(boolean), prune_access_log(int, boolean)")
    run("unpruned")
    op.execute("drop policy ledger_loader on access_log")
    op.execute("revoke all on access_log from ledger_ledger_loader")
