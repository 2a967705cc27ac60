"""What each role sees of the world, written out by hand from section 6 of the contract: not made from the code."""

UNITS = {"U", "V", "X", "SUP", "DEP", "ORG"}
EVERY = {
    "units": UNITS,
    "persons": {"P-new", "P-draft", "P-sent", "P-idle", "P-decided", "P-filed"},
    "rounds": {"R", "R2", "R-to-come"},
    "finding-categories": {"G-R", "G-R2", "G-R-to-come"},
    "teams": {"A", "B", "C"},
    "team-members": {"M-A", "M-B", "M-C"},
    "targets": {"T-AU", "T-AV", "T-BX"},
    "visits": {"V-A", "V-B"},
    "findings": {"F-AU-new", "F-AU", "F-AV", "F-BX"},
    "feedback-sessions": {"S-U", "S-X"},
    "rectification-opinions": {"O-U-new", "O-U", "O-VU", "O-X"},
    "immediate-rectifications": {"I-AU", "I-BXU", "I-BX"},
    "clues": {"C-new", "C-draft", "C-assigned", "C-sup", "C-org", "C-office"},
    "clue-transfers": {"D-sup", "D-org", "D-draft"},
    "case-filings": {"K-plain", "K-clue", "K-decided"},
    "accountability-decisions": {"Q-U", "Q-U-told", "Q-person"},
    "admonishments": {"Y-U", "Y-X"},
    "judicial-referrals": {"J"},
    "look-backs": {"H-AU-open", "H-AU", "H-BX"},
    "consultations": {"Z-A", "Z-office"},
    "rectification-reports": {"W-U"},
    "rectification-supervisions": {"X-U-open", "X-U", "X-X"},
    "rectification-assessments": {"E-U", "E-X"},
    "round-documents": {"DOC-draft", "DOC-U", "DOC-report", "DOC-X"},
    "letters": {"LET-U", "LET-X", "LET-clue"},
    "attachments": {"AT-F-new", "AT-F", "AT-O", "AT-C", "AT-K"},
}


def _but(*types: str, **instead: set[str]) -> dict[str, set[str]]:
    """Every record, but none of these types, and of others only some."""
    given = {name.replace("_", "-"): labels for name, labels in instead.items()}
    return {path: labels for path, labels in {**EVERY, **given}.items() if path not in types}


FED_BACK = {"F-AU", "F-AV", "F-BX"}
ISSUED = {"DOC-U", "DOC-report", "DOC-X"}
OF_FINDINGS = {"AT-F-new", "AT-F", "AT-O"}  # files of findings and opinions

SEES: dict[str, dict[str, set[str]]] = {
    "inspection_office": _but(
        "case-filings", "judicial-referrals", persons={"P-new", "P-draft", "P-decided"}, attachments=OF_FINDINGS,
    ),
    "leading_group": _but(persons={"P-draft", "P-decided", "P-filed"}, attachments=OF_FINDINGS),
    "case_supervision": _but(
        "team-members", "targets", "visits", "immediate-rectifications", "consultations",
        clues={"C-assigned", "C-sup"}, clue_transfers={"D-sup"}, findings=FED_BACK,
        round_documents=ISSUED, attachments={"AT-F", "AT-O", "AT-C", "AT-K"},
    ),
    "inspection_team": {
        "units": UNITS, "persons": {"P-new", "P-draft", "P-idle"}, "rounds": {"R"}, "finding-categories": {"G-R"},
        "teams": {"A"}, "team-members": {"M-A"}, "targets": {"T-AU", "T-AV"}, "visits": {"V-A"},
        "findings": {"F-AU-new", "F-AU", "F-AV"}, "feedback-sessions": {"S-U"},
        "rectification-opinions": {"O-U-new", "O-U", "O-VU"}, "immediate-rectifications": {"I-AU"},
        "clues": {"C-new", "C-draft"}, "clue-transfers": {"D-sup", "D-org", "D-draft"},
        "look-backs": {"H-AU-open", "H-AU"}, "consultations": {"Z-A"},
        "rectification-reports": {"W-U"}, "rectification-assessments": {"E-U"},
        "round-documents": {"DOC-draft", "DOC-U"}, "attachments": OF_FINDINGS,
    },
    "other_team": {
        "units": UNITS, "rounds": {"R"}, "finding-categories": {"G-R"}, "teams": {"B"}, "team-members": {"M-B"},
        "targets": {"T-BX"}, "visits": {"V-B"}, "findings": {"F-BX"}, "feedback-sessions": {"S-X"},
        "rectification-opinions": {"O-X"}, "immediate-rectifications": {"I-BXU", "I-BX"}, "look-backs": {"H-BX"},
        "rectification-assessments": {"E-X"}, "round-documents": {"DOC-X"},
    },
    "handling_department": {
        "units": UNITS, "persons": {"P-sent"}, "clues": {"C-assigned"}, "case-filings": {"K-clue"},
        "attachments": {"AT-C"},
    },
    "organisation_department": {
        "units": UNITS, "findings": FED_BACK, "rectification-opinions": EVERY["rectification-opinions"],
        "clues": {"C-org"}, "clue-transfers": {"D-org"},
        "case-filings": {"K-decided"},
        "rectification-reports": {"W-U"}, "rectification-supervisions": EVERY["rectification-supervisions"],
        "rectification-assessments": {"E-U", "E-X"}, "round-documents": ISSUED, "letters": {"LET-U", "LET-X"},
        "attachments": {"AT-F", "AT-O"},
        "accountability-decisions": EVERY["accountability-decisions"], "admonishments": EVERY["admonishments"],
    },
    "inspected_unit": {
        "units": UNITS, "rounds": {"R"}, "finding-categories": {"G-R"}, "teams": {"A"}, "targets": {"T-AU"},
        "findings": {"F-AU"}, "feedback-sessions": {"S-U"}, "rectification-opinions": {"O-U", "O-VU"},
        "immediate-rectifications": {"I-AU", "I-BXU"}, "look-backs": {"H-AU"},
        "accountability-decisions": {"Q-U-told"}, "admonishments": {"Y-U"},
        "rectification-reports": {"W-U"}, "rectification-supervisions": {"X-U"}, "rectification-assessments": {"E-U"},
        "round-documents": {"DOC-U"}, "letters": {"LET-U"}, "attachments": {"AT-F", "AT-O"},
    },
    "other_unit": {"units": UNITS, "findings": {"F-AV"}, "rectification-opinions": {"O-VU"}},
    "partner_system": {
        "units": UNITS, "rounds": {"R"}, "finding-categories": {"G-R"}, "findings": {"F-AU"},
        "feedback-sessions": {"S-U"}, "rectification-opinions": {"O-U", "O-VU"},
        "immediate-rectifications": {"I-AU", "I-BXU"}, "look-backs": {"H-AU"},
        "accountability-decisions": {"Q-U-told"}, "admonishments": {"Y-U"},
    },
    "partner_of_no_unit": {
        "units": UNITS, "rounds": {"R", "R2"}, "finding-categories": {"G-R", "G-R2"},
    },
    "administrator": {}, "superior": {}, "auditor": {}, "security_officer": {}, "ledger_loader": {},
}  # fmt: skip

# Members that a role does not see of a record it sees; a type's name stands for all its records.
ABOUT = {"reported_name", "reported_post", "summary", "note"}  # what a clue is about, besides its person
HIDDEN: dict[str, dict[str, set[str]]] = {
    "inspection_office": {
        "persons": {"name", "note"},
        **dict.fromkeys(("C-assigned", "C-sup", "C-org"), ABOUT),
    },
    "leading_group": {
        "persons": {"name", "note"},
        **dict.fromkeys(("C-new", "C-assigned", "C-sup", "C-org"), ABOUT),
        "case-filings": {"summary"},
        **{label: {"summary", "note"} for label in ("K-plain", "K-clue")},
    },
    "inspected_unit": {"teams": {"head_name"}},
    "partner_of_no_unit": {"units": {"principal_name"}},
    "partner_system": {
        "units": {"principal_name"}, "feedback-sessions": {"receipt_name"},
        "rectification-opinions": {"responsible_person"},
    },
}  # fmt: skip
# Who takes out as files what it may list (contract section 1), and nobody else.
EXPORTERS = {
    "inspection_office", "leading_group", "case_supervision", "organisation_department", "inspection_team",
    "other_team",
}  # fmt: skip
NO_LIST = {("inspection_office", "persons"), ("leading_group", "persons")}
