"""The table of permissions as the contract has it, kept by hand in the words of docs/permissions.md, not from code.

A cell that the ledger does not have yet stands in WAITING with what it has instead, and a type in LATER. Both are
emptied as types, columns and actions are added: an entry that no longer differs from the code is refused.
"""

ROLES = (
    "inspection_office", "inspection_team", "leading_group", "case_supervision", "handling_department",
    "organisation_department", "inspected_unit", "partner_system",
)  # fmt: skip
PERSON_HIDDEN = "R own without `person`"
AS_RECORD = "W as its record of those it writes, else R"
AFTER_ENTRY = ("R after entry", "R of its unit after entry, or begun where it has none")

CONTRACT: dict[str, tuple[str, ...]] = {
    "units": ("W", "R", "R; `confirm_merge`, `decline_merge`", "R", "R", "R", "R", "R without `principal_name`"),
    "persons": (
        "M through records it may read, no list", "R of own clues until transferred; `create`",
        "M through records it may read, no list", "W", "R of assigned clues", "R of transferred clues", "·", "·",
    ),
    "rounds": ("W", "R own", "R", "R", "·", "·", *AFTER_ENTRY),
    "finding-categories": ("W", "R own", "R", "R", "·", "·", *AFTER_ENTRY),
    "teams": ("W", "R own", "R", "R", "·", "·", "R after entry without `head_name`", "·"),
    "team-members": ("W", "R own", "R", "·", "·", "·", "·", "·"),
    "targets": ("W", "R own", "R", "·", "·", "·", "R own after entry", "·"),
    "visits": ("W", "W own", "R", "·", "·", "·", "·", "·"),
    "findings": (
        "W", "W own while registered, else R", "R", "R once fed back", "·", "R once fed back",
        "R own and supervised once fed back", "R own once fed back",
    ),
    "feedback-sessions": (
        "W", "W own", "R", "R", "·", "·", "R own and supervised; `sign`", "R own without `absentees`, `receipt_name`",
    ),
    "rectification-opinions": (
        "W", "R own", "R", "R", "·", "R",
        "R own and supervised, once its finding is fed back; `accept`, `complete` of its own, `accept` of supervised",
        "R own without `responsible_person`",
    ),
    "immediate-rectifications": ("W", "W own", "R", "·", "·", "·", "R lead and cooperating; `resolve`", "R own"),
    "rectification-reports": (
        "R; `examine`", "R own; `examine`", "R", "R; `examine`", "·", "R; `examine`",
        "R own; `create`, `change` while draft or returned; `submit`", "·",
    ),
    "rectification-assessments": ("W", "R own", "R", "R", "·", "R", "R own", "·"),
    "round-documents": ("W", "W own", "R", "R once issued", "·", "R once issued", "R if addressed", "·"),
    # A letter about a clue is not for those who have no right on the clue.
    "letters": ("W", "·", "R", "W", "·", "R about no clue", "R if addressed, about no clue", "·"),
    "rectification-supervisions": ("W", "·", "R", "W", "·", "W", "R own once concluded", "·"),
    "look-backs": ("W", "W own", "R", "R", "·", "·", "R own once concluded", PERSON_HIDDEN),
    "clues": (
        "R until transferred, else M; `create`, `change` while registered; `rehold`", "W own while registered, else R",
        "R in a transfer in draft, else M; `confirm_rehold`, `decline_rehold`", "W transferred to it, creates none",
        # Closing off is not for the department that handled the clue.
        "R assigned; `change`, `set_handling`, `conclude`, `reopen`", "W transferred, creates none", "·", "·",
    ),
    "clue-transfers": (
        "W; `receive`, `give_back`, `feed_back` for a receiver without an account", "R of own clues", "R",
        "W received, creates none", "R received", "W received, creates none", "·", "·",
    ),
    "case-filings": (
        "·", "·", "R once decided without `summary`, else M", "W", "W assigned", "R once decided", "·", "·",
    ),
    "accountability-decisions": (
        "R", "·", "R", "W", "·", "W of its own authority, else R", "R own once announced", PERSON_HIDDEN,
    ),
    "admonishments": (
        "W of talks it holds, else R", "·", "R", "W", "·", "W of talks it holds, else R", "R own once held",
        PERSON_HIDDEN,
    ),
    "judicial-referrals": ("·", "·", "R once sent without `summary`, else M", "W", "·", "·", "·", "·"),
    "bulletins": ("W", "R", "R", "R", "·", "R", "R if addressed", "·"),
    "consultations": ("W", "W own", "R", "·", "·", "·", "·", "·"),
    "attachments": (*(AS_RECORD,) * 2, "R as its record", *(AS_RECORD,) * 4, "·"),
}  # fmt: skip

# (type, role) -> the cell as it stands today, until what it lacks is there.
WAITING = {
    ("findings", "inspected_unit"): "R own once fed back",  # the unit that supervises a finding
    ("feedback-sessions", "inspected_unit"): "R own",  # the same; signing
    ("rectification-opinions", "inspected_unit"):  # the same; accepting jointly
        "R own once its finding is fed back; `accept`, `complete` of its own",
    ("judicial-referrals", "leading_group"): "R",  # a referral has one state, sent, and no summary
}  # fmt: skip
LATER = {"bulletins"}
