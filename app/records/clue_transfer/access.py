"""A transfer is the office's to send and the receiver's to sign for; the team follows that of its own clues."""

from dataclasses import replace

from app.kernel.declare.access import ALL_ACTIONS, Access, Limit, Right, reads, writes
from app.kernel.declare.audience import About, Audience, AudienceDependency
from app.kernel.declare.visibility import ByAudience, Condition, Every

# A receiver signs for itself. The office does it for one that has no account, from the paper.
BY_PAPER = Limit(
    frozenset({"receive", "give_back", "feed_back"}),
    Condition("{0}.to_unit_id <> all ((select receivers_with_account())::uuid[])", "for a receiver without an account"),
)

ACCESS = Access(
    {
        "inspection_office": replace(writes(Every()), limit=BY_PAPER),
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
    about=About(
        """array(select x from clue c, unnest(c.about) x
        where c.jurisdiction = {0}.jurisdiction and c.id = any ({0}.clue_ids))""",
        """array(select distinct x from clue c, unnest(c.recused) x
        where c.jurisdiction = {0}.jurisdiction and c.id = any ({0}.clue_ids) order by x)""",
        looks_at=(AudienceDependency("clue", "{0}.clue_ids @> array[new.id]", ("about", "recused")),),
    ),
    logged=True,
)
