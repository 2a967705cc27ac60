"""A finding is the team's until it is fed back; from then on its unit sees it, too."""

from app.kernel.declare.access import OF_TEAM, Access, of_unit, reads, writes

FED_BACK = "{0}.fed_back_on is not null"

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": writes(OF_TEAM, while_in=("registered",)),
        "leading_group": reads(),
        "case_supervision": reads(),
        "organisation_department": reads(),
        "inspected_unit": reads(of_unit(FED_BACK)),
    },
    audience=f"array[{{0}}.team_id, case when {FED_BACK} then {{0}}.unit_id end]",
    partner=reads(of_unit(FED_BACK)),
)
