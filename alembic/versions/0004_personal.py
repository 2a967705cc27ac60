"""Personal data: an access log, values sealed for one record each, and who may open them."""

from ddl import run

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run("access_log")
    run("sealed_to_records")
    run("personal")


def downgrade() -> None:
    """Nothing is lost: entries of the access log stay in a table that nobody may read, for the way up."""
    run("sealed_to_digests")
    op.execute("drop policy auditor on revision")
    op.execute("revoke all on revision from ledger_auditor")
    op.execute("alter table access_log no force row level security")
    op.execute("""do $$ begin
      if exists (select from access_log) then
        create table access_log_kept as table access_log;
        alter table access_log_kept enable row level security;
        alter table access_log_kept force row level security;
      end if;
    end $$""")
    op.execute("drop table access_log")
