"""Access: what exists for whom is said by policies, one for each role and record type (docs/permissions.md)."""

from ddl import CLASSES, classify, drop_kept, run

from alembic import op

revision = "0003"
down_revision = "0002"

RECORDS = (
    "unit", "person", "round", "finding_category", "team", "team_member", "target", "visit", "finding",
    "feedback_session", "rectification_opinion", "immediate_rectification", "clue", "clue_transfer", "case_filing",
    "accountability_decision", "admonishment", "judicial_referral", "look_back", "consultation",
)  # fmt: skip
LEDGER = ("revision", "number_series", "sealed_value")
IMPORTS = ("import_job", "import_row")
BY_TRIGGER = ("person", "rectification_opinion", "clue", "clue_transfer", "case_filing")
FOLLOWING = (
    ("person", "clue"), ("rectification_opinion", "finding"), ("clue", "person"), ("clue_transfer", "clue"),
    ("case_filing", "clue"),
)  # fmt: skip
AGAIN = "rectification_opinion", "clue", "clue_transfer", "case_filing", "person"


def upgrade() -> None:
    op.execute("alter table accountability_decision add column announced_on date")
    op.execute("alter table accountability_decision drop constraint ck_accountability_decision_state")
    op.execute("""alter table accountability_decision add constraint ck_accountability_decision_state
        check (state in ('decided', 'announced', 'voided'))""")
    for table in (*RECORDS, *LEDGER):
        for name in ("wide", "prefix"):
            op.execute(f"drop policy {name} on {table}")
            op.execute(f"revoke all on {table} from ledger_{name}")
    for table in RECORDS:
        op.execute(f"drop policy figures on {table}")
    for table in IMPORTS:
        op.execute(f"drop policy maker on {table}")
        op.execute(f"revoke all on {table} from ledger_wide, ledger_prefix")
    run("standing")
    run("access")
    _fill()


def _fill() -> None:
    """The audience of the records there are. It is no member of a record, so no version is made of it."""
    for table in BY_TRIGGER:
        op.execute(f"alter table {table} no force row level security")
        op.execute(f"alter table {table} disable trigger user")
        op.execute(f"alter table {table} enable trigger keep_audience")
    for table in AGAIN:
        op.execute(f"update {table} set updated_at = updated_at")
    for table in BY_TRIGGER:
        op.execute(f"alter table {table} enable trigger user")
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    """Back to two classes of callers. A decision that was announced is decided; who was told stays in its revisions."""
    run("access_undone")
    for table in RECORDS:
        classify(table, CLASSES)
    op.execute("alter table accountability_decision drop constraint ck_accountability_decision_state")
    op.execute("alter table accountability_decision no force row level security")
    op.execute("alter table accountability_decision disable trigger user")
    op.execute("update accountability_decision set state = 'decided' where state = 'announced'")
    op.execute("alter table accountability_decision enable trigger user")
    op.execute("alter table accountability_decision force row level security")
    op.execute("""alter table accountability_decision add constraint ck_accountability_decision_state
        check (state in ('decided', 'voided'))""")
    op.execute("alter table accountability_decision drop column announced_on")
    for table in ("person", "consultation"):
        op.execute(f"alter table {table} drop column entered_by_team")
    for table, other in FOLLOWING:
        op.execute(f"drop trigger {table}_follows_{other} on {other}")
        drop_kept(f"{table}_follows_{other}()")
    for table in BY_TRIGGER:
        op.execute(f"drop trigger keep_audience on {table}")
        op.execute(f"drop function keep_audience_of_{table}()")
        drop_kept(f"audience_of_{table}({table})")
    drop_kept("entering_team()")
