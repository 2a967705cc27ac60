"""A transfer is the office's to send and the receiver's to sign for; the team follows that of its own clues."""

from app.kernel.declare.access import ALL_ACTIONS, Access, Audience, AudienceDependency, Right, reads, writes
from app.kernel.declare.visibility import ByAudience, Every

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(ByAudience("of own clues")),
        "leading_group": reads(Every()),
        "case_supervision": Right(ByAudience("received"), changes=True, acts=ALL_ACTIONS),
        "handling_department": reads(ByAudience("received")),
        "organisation_department": Right(ByAudience("received"), changes=True, acts=ALL_ACTIONS),
    },
    audience=Audience(
        """array[case when {0}.state in ('sent', 'received', 'result_fed_back') then {0}.to_unit_id end]
        || array(select c.team_id from clue c where c.jurisdiction = {0}.jurisdiction and c.id = any ({0}.clue_ids))""",
        looks_at=(AudienceDependency("clue", "{0}.clue_ids @> array[new.id]", ("team_id",)),),
    ),
    logged=True,
)
