"""A transfer is the office's to send and the receiver's to sign for; the team follows that of its own clues."""

from app.kernel.declare.access import ALL_ACTIONS, OWN, Access, AudienceDependency, Right, reads, writes

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(OWN),
        "leading_group": reads(),
        "case_supervision": Right(OWN, changes=True, acts=ALL_ACTIONS),
        "handling_department": reads(OWN),
        "organisation_department": Right(OWN, changes=True, acts=ALL_ACTIONS),
    },
    audience="""array[case when {0}.state in ('sent', 'received', 'result_fed_back') then {0}.to_unit_id end]
        || array(select c.team_id from clue c where c.jurisdiction = {0}.jurisdiction and c.id = any ({0}.clue_ids))""",
    depends_on=(AudienceDependency("clue", "{0}.clue_ids @> array[new.id]", ("team_id",)),),
)
