"""Members are known to their team and to those who direct the round."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import Every, OwnTeam

ACCESS = Access(
    {"inspection_office": writes(Every()), "inspection_team": reads(OwnTeam()), "leading_group": reads(Every())},
    audience=Audience("array[{0}.team_id]"),
)
