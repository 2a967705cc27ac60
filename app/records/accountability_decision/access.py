"""A decision is case supervision's; its unit reads it once it is announced."""

from app.kernel.declare.access import OWN, Access, Hidden, reads, writes

ACCESS = Access(
    {
        "inspection_office": reads(),
        "leading_group": reads(),
        "case_supervision": writes(),
        "organisation_department": reads(),
        "inspected_unit": reads(OWN),
    },
    audience="case when {0}.announced_on is not null then array[{0}.unit_id, {0}.person_unit_id] end",
    partner=reads(OWN, hides=Hidden(members=frozenset({"person"}))),
)
