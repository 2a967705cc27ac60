"""What is put right at once concerns the unit that leads and those that co-operate."""

from app.kernel.declare.access import OF_TEAM, OWN, Access, Right, reads, writes

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": writes(OF_TEAM),
        "leading_group": reads(),
        "inspected_unit": Right(OWN, acts=frozenset({"resolve"})),
    },
    audience="array[{0}.team_id, {0}.lead_unit_id] || {0}.cooperating_unit_ids",
    partner=reads(OWN),
)
