"""Members are known to their team and to those who direct the round."""

from app.kernel.declare.access import OF_TEAM, Access, reads, writes

ACCESS = Access(
    {"inspection_office": writes(), "inspection_team": reads(OF_TEAM), "leading_group": reads()},
    audience="array[{0}.team_id]",
)
