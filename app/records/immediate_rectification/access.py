"""What is put right at once concerns the unit that leads and those that co-operate."""

from app.kernel.declare.access import Access, Right, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every, OwnTeam

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OwnTeam()),
        "leading_group": reads(Every()),
        "inspected_unit": Right(ByAudience("lead and cooperating"), acts=frozenset({"resolve"})),
    },
    audience=Audience("array[{0}.team_id, {0}.lead_unit_id] || {0}.cooperating_unit_ids"),
    partner=reads(ByAudience()),
)
