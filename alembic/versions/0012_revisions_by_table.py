"""A function for each record table writes its revisions: none looks into snapshots, or sorts the members of a row."""

from ddl import drop_kept, revise, revised_by, run

revision = "0012"
down_revision = "0011"

TABLES = {
    "unit": "units", "person": "persons", "round": "rounds", "finding_category": "finding-categories", "team": "teams",
    "team_member": "team-members", "target": "targets", "visit": "visits", "finding": "findings",
    "feedback_session": "feedback-sessions", "rectification_opinion": "rectification-opinions",
    "immediate_rectification": "immediate-rectifications", "clue": "clues", "clue_transfer": "clue-transfers",
    "case_filing": "case-filings", "accountability_decision": "accountability-decisions",
    "admonishment": "admonishments", "judicial_referral": "judicial-referrals", "look_back": "look-backs",
    "consultation": "consultations",
}  # fmt: skip


def upgrade() -> None:
    for table, path in TABLES.items():
        revise(table, path)
    drop_kept("record_revision()")


def downgrade() -> None:
    run("revisions_together")
    for table, path in TABLES.items():
        revised_by("record_revision", table, path)
        drop_kept(f"revise_{table}()")
