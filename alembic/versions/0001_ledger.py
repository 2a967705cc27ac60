"""The ledger: records, revisions, accounts, imports, and the queue."""

from ddl import CLASSES, drop_kept, protect, release, run

from alembic import op

revision = "0001"
down_revision = None

# record table -> path, and (column, referenced table, whether it is a list)
REFERENCES: dict[str, tuple[str, tuple[tuple[str, str, bool], ...]]] = {
    "unit": ("units", (("parent_id", "unit", False), ("merged_into_id", "unit", False))),
    "person": ("persons", (("unit_id", "unit", False),)),
    "round": ("rounds", ()),
    "finding_category": ("finding-categories", (("round_id", "round", False),)),
    "team": ("teams", (("round_id", "round", False),)),
    "team_member": ("team-members", (("team_id", "team", False), ("seconded_from_unit_id", "unit", False))),
    "target": ("targets", (("round_id", "round", False), ("team_id", "team", False), ("unit_id", "unit", False))),
    "visit": ("visits", (("round_id", "round", False), ("team_id", "team", False), ("unit_id", "unit", False))),
    "finding": (
        "findings",
        (
            ("round_id", "round", False),
            ("team_id", "team", False),
            ("unit_id", "unit", False),
            ("category_id", "finding_category", False),
        ),
    ),
    "feedback_session": ("feedback-sessions", (("round_id", "round", False), ("unit_id", "unit", False))),
    "rectification_opinion": (
        "rectification-opinions",
        (
            ("round_id", "round", False),
            ("finding_id", "finding", False),
            ("unit_id", "unit", False),
            ("cooperating_unit_ids", "unit", True),
        ),
    ),
    "immediate_rectification": (
        "immediate-rectifications",
        (
            ("round_id", "round", False),
            ("team_id", "team", False),
            ("lead_unit_id", "unit", False),
            ("cooperating_unit_ids", "unit", True),
        ),
    ),
    "clue": (
        "clues",
        (
            ("round_id", "round", False),
            ("team_id", "team", False),
            ("person_id", "person", False),
            ("reported_unit_id", "unit", False),
            ("finding_id", "finding", False),
            ("holder_unit_id", "unit", False),
            ("handling_unit_id", "unit", False),
            ("merged_into_id", "clue", False),
        ),
    ),
    "clue_transfer": (
        "clue-transfers",
        (
            ("round_id", "round", False),
            ("from_unit_id", "unit", False),
            ("to_unit_id", "unit", False),
            ("clue_ids", "clue", True),
        ),
    ),
    "case_filing": (
        "case-filings",
        (
            ("round_id", "round", False),
            ("person_id", "person", False),
            ("person_unit_id", "unit", False),
            ("authority_unit_id", "unit", False),
            ("clue_id", "clue", False),
        ),
    ),
    "accountability_decision": (
        "accountability-decisions",
        (
            ("round_id", "round", False),
            ("person_id", "person", False),
            ("person_unit_id", "unit", False),
            ("unit_id", "unit", False),
            ("authority_unit_id", "unit", False),
            ("finding_id", "finding", False),
        ),
    ),
    "admonishment": (
        "admonishments",
        (
            ("round_id", "round", False),
            ("person_id", "person", False),
            ("unit_id", "unit", False),
            ("authority_unit_id", "unit", False),
        ),
    ),
    "judicial_referral": (
        "judicial-referrals",
        (
            ("round_id", "round", False),
            ("person_id", "person", False),
            ("person_unit_id", "unit", False),
            ("from_unit_id", "unit", False),
            ("to_unit_id", "unit", False),
            ("case_filing_id", "case_filing", False),
        ),
    ),
    "look_back": (
        "look-backs",
        (
            ("round_id", "round", False),
            ("team_id", "team", False),
            ("unit_id", "unit", False),
            ("person_id", "person", False),
            ("finding_id", "finding", False),
        ),
    ),
    "consultation": ("consultations", (("round_id", "round", False),)),
}

# What figures are counted from: no name, no text (contract section 4).
COUNTED = {
    "round": ("year", "sequence"),
    "finding_category": ("round_id", "phase"),
    "team": ("round_id",),
    "team_member": ("team_id",),
    "target": ("round_id", "unit_kind"),
    "visit": ("round_id", "households", "interviews"),
    "finding": ("round_id", "category_id", "fed_back_on"),
    "rectification_opinion": ("round_id",),
    "immediate_rectification": ("round_id",),
    "clue": ("round_id", "merged_into_id"),
    "clue_transfer": ("round_id", "clue_ids", "sent_on"),
    "case_filing": ("round_id", "person_id"),
    "accountability_decision": ("round_id", "subject_kind", "person_id"),
    "admonishment": ("round_id", "kind", "subject_kind", "unit_id"),
    "judicial_referral": ("round_id", "person_id"),
    "look_back": ("round_id", "conclusion"),
}


def upgrade() -> None:
    run("ledger")
    run("record_tables")
    run("lineage")
    for table, (path, references) in REFERENCES.items():
        protect(table, path, references, COUNTED.get(table, ()), CLASSES)
    run("sealed")
    run("accounts")
    run("pgqueuer")
    run("imports")


def downgrade() -> None:
    for table in ("import_row", "import_job", "account", "service_key", "sealed_value"):
        op.execute(f"drop table {table}")
    for table in ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"):
        op.execute(f"drop table {table} cascade")
    op.execute("drop function fn_pgqueuer_changed()")
    op.execute("drop type pgqueuer_status")
    op.execute("drop function unit_lineage(text, uuid)")
    for table in reversed(REFERENCES):
        release(table)
    op.execute("drop table revision, number_series")
    drop_kept("record_revision()")
    for function in ("refuse_version", "refuse_erasure", "ledger_caller"):
        op.execute(f"drop function {function}()")
    op.execute("drop function ledger_number(text, int, int)")
