"""A consultation is seen by the team that entered it, and by those who direct the round."""

from app.kernel.declare.access import OWN, Access, reads, writes

ACCESS = Access(
    {"inspection_office": writes(), "inspection_team": writes(OWN), "leading_group": reads()},
    audience="array[{0}.entered_by_team]",
)
