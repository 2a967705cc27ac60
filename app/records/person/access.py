"""The register of persons belongs to case supervision; others meet a person only through records they may read.

Whoever meets a person reads every old version of the record. The team is the exception, which sees only those of while
it was in the audience.
"""

from app.kernel.declare.access import METADATA, Access, Audience, AudienceDependency, Right, by_reference, reads, writes
from app.kernel.declare.visibility import Custom, Every, OldVersions

BY_CLUE = by_reference("clue", "person_id")
DECISIONS, CASES = ("accountability_decision", "admonishment", "look_back"), ("case_filing", "judicial_referral")
BY_DECISION = " or ".join(by_reference(table, "person_id") for table in DECISIONS)
BY_CASE = " or ".join(by_reference(table, "person_id") for table in CASES)
# After its transfer a clue no longer tells the office whom it is about.
BY_OPEN_CLUE = by_reference("clue", "person_id", "{0}.holder_unit_id is null")

OF_OPEN_CLUES = Custom(f"({BY_OPEN_CLUE} or {BY_DECISION})", old_versions=OldVersions.EVERY)
OF_ANY_RECORD = Custom(f"({BY_CLUE} or {BY_DECISION} or {BY_CASE})", old_versions=OldVersions.EVERY)
OF_CLUES = Custom(BY_CLUE, old_versions=OldVersions.EVERY)
OF_TEAM = Custom(
    f"({{0}}.audience && {{scope_ids}} or {BY_CLUE})", old_versions=OldVersions.BY_AUDIENCE, compares_audience=True
)

ACCESS = Access(
    {
        "inspection_office": reads(OF_OPEN_CLUES, hides=METADATA, lists=False),
        "leading_group": reads(OF_ANY_RECORD, hides=METADATA, lists=False),
        "case_supervision": writes(Every()),
        "inspection_team": Right(OF_TEAM, creates=True),
        "handling_department": reads(OF_CLUES),
        "organisation_department": reads(OF_CLUES),
    },
    # The team that entered a person sees it until a clue about the person is transferred.
    audience=Audience(
        """case when exists (select from clue c where c.jurisdiction = {0}.jurisdiction and c.person_id = {0}.id
        and c.holder_unit_id is not null) then '{{}}'::uuid[] else array[{0}.entered_by_team] end""",
        looks_at=(AudienceDependency("clue", "{0}.id = new.person_id", ("holder_unit_id", "person_id")),),
        entered_by_team=True,
    ),
    logged=True,
)
