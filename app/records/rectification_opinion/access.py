"""An opinion is carried out by its unit, together with those that co-operate; no unit closes off its own.

It exists for these units from when its finding is fed back.
"""

from app.kernel.declare.access import Access, Hidden, Right, reads, writes
from app.kernel.declare.audience import Audience, AudienceDependency
from app.kernel.declare.visibility import ByAudience, Condition, Every

ACCEPTS = frozenset({"accept", "complete"})
BY_ITS_UNIT = Condition("{0}.unit_id = any ({scope_ids})", "of its own")

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(ByAudience()),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "organisation_department": reads(Every()),
        "inspected_unit": Right(ByAudience("own once its finding is fed back"), acts=ACCEPTS, writes_if=BY_ITS_UNIT),
    },
    audience=Audience(
        """(select array[f.team_id] || case when f.fed_back_on is not null
        then {0}.unit_id || {0}.cooperating_unit_ids end from finding f
        where f.jurisdiction = {0}.jurisdiction and f.id = {0}.finding_id)""",
        looks_at=(AudienceDependency("finding", "{0}.finding_id = new.id", ("team_id", "fed_back_on")),),
    ),
    partner=reads(ByAudience(), hides=Hidden(members=frozenset({"responsible_person"}))),
)
