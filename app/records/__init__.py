"""Every record type of the ledger, in the order of the documentation and of an import: referenced types first."""

from importlib import import_module

from app.kernel.declare.registry import Registry

# One line for each folder. Every folder's record.py declares RECORD.
FOLDERS = (
    "unit",
    "person",
    "round",
    "finding_category",
    "team",
    "team_member",
    "target",
    "visit",
    "finding",
    "feedback_session",
    "rectification_opinion",
    "immediate_rectification",
    "rectification_report",
    "rectification_supervision",
    "rectification_assessment",
    "round_document",
    "clue",
    "clue_transfer",
    "case_filing",
    "accountability_decision",
    "admonishment",
    "judicial_referral",
    "look_back",
    "consultation",
    "letter",
    "attachment",
)
REGISTRY = Registry(import_module(f"app.records.{folder}.record").RECORD for folder in FOLDERS)
