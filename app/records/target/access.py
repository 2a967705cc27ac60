"""A target is hidden from its unit until the team enters: 事先不打招呼."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every, OwnTeam

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(OwnTeam()),
        "leading_group": reads(Every()),
        "inspected_unit": reads(ByAudience("own after entry")),
    },
    audience=Audience("array[{0}.team_id, case when {0}.entered_on is not null then {0}.unit_id end]"),
)
