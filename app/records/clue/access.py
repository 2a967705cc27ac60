"""A clue is the team's until it is transferred, then the receiver's. The unit it is about never learns of it.

监察法第十八条、第七十四条；监督执纪工作规则第二十三条. The office sees in full what it registered until the transfer,
and after it only that the clue exists and how far it is.
"""

from app.kernel.declare.access import (
    ALL_ACTIONS,
    About,
    Access,
    Audience,
    Hidden,
    Right,
    reads,
    writes,
)
from app.kernel.declare.visibility import ByAudience, Every
from app.records.common import PERSON_MOVES, UNITS_OF_PERSON

BEFORE_TRANSFER = ("registered",)
# Closing off (销号) is not done by the department that handled the clue (domain.md 4.4).
HANDLES = frozenset({"set_handling", "conclude", "reopen"})

ACCESS = Access(
    {
        "inspection_office": Right(
            Every(),
            creates=True,
            changes=True,
            while_in=BEFORE_TRANSFER,
            hides=Hidden(metadata=True, shown_if="{0}.holder_unit_id is null"),
        ),
        "inspection_team": writes(ByAudience(), while_in=BEFORE_TRANSFER),
        "leading_group": reads(Every()),
        "case_supervision": Right(ByAudience(), changes=True, acts=ALL_ACTIONS),
        "handling_department": Right(ByAudience(), changes=True, acts=HANDLES),
        "organisation_department": Right(ByAudience(), changes=True, acts=ALL_ACTIONS),
    },
    audience=Audience(
        """case when {0}.holder_unit_id is null then array[{0}.team_id]
        else array[{0}.holder_unit_id, {0}.handling_unit_id] end"""
    ),
    about=About(
        f"array[{{0}}.reported_unit_id] || {UNITS_OF_PERSON}",
        "array(select x ->> 'account' from jsonb_array_elements({0}.recusals) x order by 1)",
        looks_at=(PERSON_MOVES,),
        as_entered=True,
    ),
    logged=True,
)
