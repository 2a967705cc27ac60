"""The register of persons belongs to case supervision; others meet a person only through records they may read."""

from app.kernel.declare.access import MEETS, METADATA, Access, AudienceDependency, Right, reads, through, writes

BY_CLUE = through("clue", "person_id")
BY_DECISION = " or ".join(through(t, "person_id") for t in ("accountability_decision", "admonishment", "look_back"))
BY_CASE = " or ".join(through(t, "person_id") for t in ("case_filing", "judicial_referral"))
# After its transfer a clue no longer tells the office whom it is about.
BY_OPEN_CLUE = through("clue", "person_id", "{0}.holder_unit_id is null")

ACCESS = Access(
    {
        "inspection_office": reads(f"({BY_OPEN_CLUE} or {BY_DECISION})", hides=METADATA, lists=False),
        "leading_group": reads(f"({BY_CLUE} or {BY_DECISION} or {BY_CASE})", hides=METADATA, lists=False),
        "case_supervision": writes(),
        "inspection_team": Right(f"({MEETS} or {BY_CLUE})", creates=True),
        "handling_department": reads(BY_CLUE),
        "organisation_department": reads(BY_CLUE),
    },
    # The team that entered a person sees it until a clue about the person is transferred.
    audience="""case when exists (select from clue c where c.jurisdiction = {0}.jurisdiction and c.person_id = {0}.id
        and c.holder_unit_id is not null) then '{{}}'::uuid[] else array[{0}.entered_by_team] end""",
    depends_on=(AudienceDependency("clue", "{0}.id = new.person_id", ("holder_unit_id", "person_id")),),
    logged=True,
)
