"""A letter is the office's or case supervision's; who is addressed reads it, unless it is about a clue."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import About, Audience, AudienceDependency
from app.kernel.declare.visibility import ByAudience, Condition, Custom, Every, OldVersions

# A letter about a clue is not for those who have no right on clues that were not given to them.
NO_CLUES = Custom(Condition("{0}.clue_id is null", "about no clue"), old_versions=OldVersions.EVERY)

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "leading_group": reads(Every()),
        "case_supervision": writes(Every()),
        "organisation_department": reads(NO_CLUES),
        "inspected_unit": reads(ByAudience("if addressed, about no clue")),
    },
    audience=Audience("array[case when {0}.clue_id is null then {0}.addressee_unit_id end]"),
    about=About(
        "(select c.about from clue c where c.jurisdiction = {0}.jurisdiction and c.id = {0}.clue_id)",
        "(select c.recused from clue c where c.jurisdiction = {0}.jurisdiction and c.id = {0}.clue_id)",
        looks_at=(AudienceDependency("clue", "{0}.clue_id = new.id", ("about", "recused")),),
    ),
    logged=True,
)
