"""Visits and talks are the team's own papers."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import Every, OwnTeam

ACCESS = Access(
    {"inspection_office": writes(Every()), "inspection_team": writes(OwnTeam()), "leading_group": reads(Every())},
    audience=Audience("array[{0}.team_id]"),
)
