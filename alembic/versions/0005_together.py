"""What was done for each row or policy is done once a statement: the caller's standing, references, the request named."""

import re

from ddl import declare_only, drop_kept, hold_functions, run

from alembic import op

revision = "0005"
down_revision = "0004"

# record table -> (column, referenced table, whether it is a list)
REFERENCES: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "unit": (
        ("parent_id", "unit", False),
        ("merged_into_id", "unit", False),
    ),
    "person": (("unit_id", "unit", False),),
    "finding_category": (("round_id", "round", False),),
    "team": (("round_id", "round", False),),
    "team_member": (
        ("team_id", "team", False),
        ("seconded_from_unit_id", "unit", False),
    ),
    "target": (
        ("round_id", "round", False),
        ("team_id", "team", False),
        ("unit_id", "unit", False),
    ),
    "visit": (
        ("round_id", "round", False),
        ("team_id", "team", False),
        ("unit_id", "unit", False),
    ),
    "finding": (
        ("round_id", "round", False),
        ("team_id", "team", False),
        ("unit_id", "unit", False),
        ("category_id", "finding_category", False),
    ),
    "feedback_session": (
        ("round_id", "round", False),
        ("unit_id", "unit", False),
    ),
    "rectification_opinion": (
        ("round_id", "round", False),
        ("finding_id", "finding", False),
        ("unit_id", "unit", False),
        ("cooperating_unit_ids", "unit", True),
    ),
    "immediate_rectification": (
        ("round_id", "round", False),
        ("team_id", "team", False),
        ("lead_unit_id", "unit", False),
        ("cooperating_unit_ids", "unit", True),
    ),
    "clue": (
        ("round_id", "round", False),
        ("team_id", "team", False),
        ("person_id", "person", False),
        ("reported_unit_id", "unit", False),
        ("finding_id", "finding", False),
        ("holder_unit_id", "unit", False),
        ("handling_unit_id", "unit", False),
        ("merged_into_id", "clue", False),
    ),
    "clue_transfer": (
        ("round_id", "round", False),
        ("from_unit_id", "unit", False),
        ("to_unit_id", "unit", False),
        ("clue_ids", "clue", True),
    ),
    "case_filing": (
        ("round_id", "round", False),
        ("person_id", "person", False),
        ("person_unit_id", "unit", False),
        ("authority_unit_id", "unit", False),
        ("clue_id", "clue", False),
    ),
    "accountability_decision": (
        ("round_id", "round", False),
        ("person_id", "person", False),
        ("person_unit_id", "unit", False),
        ("unit_id", "unit", False),
        ("authority_unit_id", "unit", False),
        ("finding_id", "finding", False),
    ),
    "admonishment": (
        ("round_id", "round", False),
        ("person_id", "person", False),
        ("unit_id", "unit", False),
        ("authority_unit_id", "unit", False),
    ),
    "judicial_referral": (
        ("round_id", "round", False),
        ("person_id", "person", False),
        ("person_unit_id", "unit", False),
        ("from_unit_id", "unit", False),
        ("to_unit_id", "unit", False),
        ("case_filing_id", "case_filing", False),
    ),
    "look_back": (
        ("round_id", "round", False),
        ("team_id", "team", False),
        ("unit_id", "unit", False),
        ("person_id", "person", False),
        ("finding_id", "finding", False),
    ),
    "consultation": (("round_id", "round", False),),
}
# record table -> roles that see only some of its records, and change them
CHANGING = {
    "visit": ("inspection_team",), "finding": ("inspection_team",), "feedback_session": ("inspection_team",),
    "rectification_opinion": ("inspected_unit",), "immediate_rectification": ("inspection_team", "inspected_unit"),
    "clue": ("inspection_team", "case_supervision", "handling_department", "organisation_department"),
    "clue_transfer": ("case_supervision", "organisation_department"), "case_filing": ("handling_department",),
    "look_back": ("inspection_team",), "consultation": ("inspection_team",),
}  # fmt: skip
OF_TEAMS = ("target", "visit", "finding", "immediate_rectification", "clue", "look_back", "team_member")
AUDIENCES = (
    "person", "team", "team_member", "target", "visit", "finding", "feedback_session", "rectification_opinion",
    "immediate_rectification", "clue", "clue_transfer", "case_filing", "accountability_decision", "admonishment",
    "look_back", "consultation",
)  # fmt: skip
STANDING = re.compile(r"@([a-z_|]+)\.([a-z]+)@")


def upgrade() -> None:
    run("entering")
    for name in ("standing_once", "changing"):
        run(name, lambda text: STANDING.sub(_asked_of_the_gate, text))
    run("revisions_together")
    run("following")
    for table in OF_TEAMS:
        op.execute(f"drop index ix_{table}_team_id")
        op.execute(f"create index ix_{table}_team_id on {table} (jurisdiction, team_id, created_at desc, id desc)")
    for table in AUDIENCES:  # what waits to be sorted into the index is read by every list of a unit: 64 kB, not 4 MB
        op.execute(f"alter index ix_{table}_audience set (gin_pending_list_limit = 64)")
    for table, references in REFERENCES.items():
        hold_functions(table, references)
    for table, references in REFERENCES.items():
        declare_only(table, references)


def downgrade() -> None:
    """The functions that hold references stay: they ask for no less than those of before."""
    for table, references in REFERENCES.items():
        declare_only(table, references, "enforced")
    for table in OF_TEAMS:
        op.execute(f"drop index ix_{table}_team_id")
        op.execute(f"create index ix_{table}_team_id on {table} (jurisdiction, team_id)")
    for table in AUDIENCES:
        op.execute(f"alter index ix_{table}_audience reset (gin_pending_list_limit)")
    run("revisions_apart")
    for table, roles in CHANGING.items():
        for role in roles:
            op.execute(f"drop policy {role}_changes on {table}")
            op.execute(f"revoke update on {table} from ledger_{role}")
    run("standing_once", lambda text: STANDING.sub(_looked_up, text))
    run("entering_undone")
    drop_kept("ledger_enter(text)")


def _asked_of_the_gate(found: re.Match[str]) -> str:
    roles, column = found[1].split("|"), found[2]
    if column in ("low", "high"):
        among = ", ".join(f"ledger_standing() -> '{role}'" for role in roles)
        return f"(select coalesce({among}) ->> '{column}')"
    return f"(select ledger_standing() -> '{roles[0]}' ->> '{column}')"


def _looked_up(found: re.Match[str]) -> str:
    roles, column = found[1].split("|"), found[2]
    named = ", ".join(f"'{role}'" for role in roles)
    among = "" if roles == ["any"] else f" and p.role in ({named})"
    is_open = "p.id = (ledger_caller() ->> 'sub') and not p.disabled and p.expires_at > now()"
    return f"(select p.{column} from principal p where {is_open}{among})"
