"""A look-back is written when it is concluded, and is then its unit's to read."""

from app.kernel.declare.access import OF_TEAM, OWN, Access, Hidden, reads, writes

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": writes(OF_TEAM),
        "leading_group": reads(),
        "case_supervision": reads(),
        "organisation_department": reads(),
        "inspected_unit": reads(OWN),
    },
    audience="array[{0}.team_id, {0}.unit_id]",
    partner=reads(OWN, hides=Hidden(members=frozenset({"person"}))),
)
