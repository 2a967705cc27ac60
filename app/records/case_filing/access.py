"""Filings are case supervision's; a department writes those of the clues it handles. The office sees a figure only."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import About, Audience, AudienceDependency
from app.kernel.declare.visibility import ByAudience, Every, EverySince
from app.records.common import DECIDED, PERSON_MOVES, UNITS_OF_PERSON

# Until a case is decided the leading group knows that there is one; what it is about it is never told.
OF_DECIDED = Hidden(metadata=True, members=frozenset({"summary"}), shown_if=DECIDED)

ACCESS = Access(
    {
        "leading_group": reads(Every(), hides=OF_DECIDED),
        "case_supervision": writes(Every()),
        "handling_department": writes(ByAudience("assigned")),
        "organisation_department": reads(EverySince("concluded_on", "once decided")),
    },
    audience=Audience(
        """array[(select c.handling_unit_id from clue c
        where c.jurisdiction = {0}.jurisdiction and c.id = {0}.clue_id)]""",
        looks_at=(AudienceDependency("clue", "{0}.clue_id = new.id", ("handling_unit_id",)),),
    ),
    about=About(
        f"""array[{{0}}.person_unit_id] || {UNITS_OF_PERSON}
        || (select c.about from clue c where c.jurisdiction = {{0}}.jurisdiction and c.id = {{0}}.clue_id)""",
        "(select c.recused from clue c where c.jurisdiction = {0}.jurisdiction and c.id = {0}.clue_id)",
        looks_at=(PERSON_MOVES, AudienceDependency("clue", "{0}.clue_id = new.id", ("about", "recused"))),
    ),
    logged=True,
)
