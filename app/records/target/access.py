"""A target is hidden from its unit until the team enters: 事先不打招呼."""

from app.kernel.declare.access import OF_TEAM, OWN, Access, reads, writes

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(OF_TEAM),
        "leading_group": reads(),
        "inspected_unit": reads(OWN),
    },
    audience="array[{0}.team_id, case when {0}.entered_on is not null then {0}.unit_id end]",
)
