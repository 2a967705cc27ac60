"""An opinion is carried out by its unit, together with those that co-operate; no unit closes off its own."""

from app.kernel.declare.access import Access, Audience, AudienceDependency, Hidden, Right, reads, writes
from app.kernel.declare.visibility import ByAudience, Every

ACCEPTS = frozenset({"accept", "complete"})

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(ByAudience()),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": Right(ByAudience(), acts=ACCEPTS, acts_on_own_unit_only=True),
    },
    audience=Audience(
        """array[{0}.unit_id, (select f.team_id from finding f
        where f.jurisdiction = {0}.jurisdiction and f.id = {0}.finding_id)] || {0}.cooperating_unit_ids""",
        looks_at=(AudienceDependency("finding", "{0}.finding_id = new.id", ("team_id",)),),
    ),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"responsible_person"}))),
)
