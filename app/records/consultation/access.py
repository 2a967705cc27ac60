"""A consultation is seen by the team that entered it, and by those who direct the round."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every

ACCESS = Access(
    {"inspection_office": writes(Every()), "inspection_team": writes(ByAudience()), "leading_group": reads(Every())},
    audience=Audience("array[{0}.entered_by_team]", entered_by_team=True),
)
