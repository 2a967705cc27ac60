"""Visits and talks are the team's own papers."""

from app.kernel.declare.access import OF_TEAM, Access, reads, writes

ACCESS = Access(
    {"inspection_office": writes(), "inspection_team": writes(OF_TEAM), "leading_group": reads()},
    audience="array[{0}.team_id]",
)
