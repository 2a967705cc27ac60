"""Visits and talks are the team's own papers."""

from app.kernel.access import OWN, Access, reads, writes

ACCESS = Access(
    {"inspection_office": writes(), "inspection_team": writes(OWN), "leading_group": reads()},
    audience="array[{0}.team_id]",
)
