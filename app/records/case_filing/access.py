"""Filings are case supervision's; a department writes those of the clues it handles. The office sees a figure only."""

from app.kernel.declare.access import OWN, Access, AudienceDependency, Right, reads, writes

ACCESS = Access(
    {
        "leading_group": reads(),
        "case_supervision": writes(),
        "handling_department": writes(OWN),
        "organisation_department": Right(seen_in=("decided",)),
    },
    audience="""array[(select c.handling_unit_id from clue c
        where c.jurisdiction = {0}.jurisdiction and c.id = {0}.clue_id)]""",
    depends_on=(AudienceDependency("clue", "{0}.clue_id = new.id", ("handling_unit_id",)),),
)
