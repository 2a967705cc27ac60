"""Referrals are known to case supervision and the leading group alone."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import About, AudienceDependency
from app.kernel.declare.visibility import Every
from app.records.common import PERSON_MOVES, UNITS_OF_PERSON

ACCESS = Access(
    {"leading_group": reads(Every()), "case_supervision": writes(Every())},
    about=About(
        f"""array[{{0}}.person_unit_id] || {UNITS_OF_PERSON}
        || (select k.about from case_filing k
            where k.jurisdiction = {{0}}.jurisdiction and k.id = {{0}}.case_filing_id)""",
        """(select k.recused from case_filing k
            where k.jurisdiction = {0}.jurisdiction and k.id = {0}.case_filing_id)""",
        looks_at=(PERSON_MOVES, AudienceDependency("case_filing", "{0}.case_filing_id = new.id", ("about", "recused"))),
    ),
    logged=True,
)
