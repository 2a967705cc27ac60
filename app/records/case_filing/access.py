"""Filings are case supervision's; a department writes those of the clues it handles. The office sees a figure only."""

from app.kernel.declare.access import Access, Audience, AudienceDependency, reads, writes
from app.kernel.declare.visibility import ByAudience, Every, InStates

ACCESS = Access(
    {
        "leading_group": reads(Every()),
        "case_supervision": writes(Every()),
        "handling_department": writes(ByAudience()),
        "organisation_department": reads(InStates(("decided",))),
    },
    audience=Audience(
        """array[(select c.handling_unit_id from clue c
        where c.jurisdiction = {0}.jurisdiction and c.id = {0}.clue_id)]""",
        looks_at=(AudienceDependency("clue", "{0}.clue_id = new.id", ("handling_unit_id",)),),
    ),
)
