"""A clue is the team's until it is transferred, then the receiver's. The unit it is about never learns of it.

监察法第十八条、第七十四条；监督执纪工作规则第二十三条. The office sees in full what it registered until the transfer,
and after it only that the clue exists and how far it is. So does the leading group, which reads in full what a transfer
is about to hand over.
"""

from app.kernel.declare.access import Access, Hidden, Right
from app.kernel.declare.audience import About, Audience
from app.kernel.declare.visibility import ByAudience, Every
from app.records.common import IN_DRAFT, NO_OWN_CADRE, PERSON_MOVES, UNITS_OF_PERSON, UNTIL_TRANSFERRED

BEFORE_TRANSFER = ("registered",)
# Closing off (销号) is not done by the department that handled the clue (domain.md 4.4).
HANDLES = frozenset({"set_handling", "conclude", "reopen"})
KEEPS = frozenset({*HANDLES, "close_off"})
DECIDES = frozenset({"confirm_rehold", "decline_rehold"})

ACCESS = Access(
    {
        "inspection_office": Right(
            Every(),
            creates=True,
            changes=True,
            acts=frozenset({"rehold"}),
            while_in=BEFORE_TRANSFER,
            whenever=frozenset({"rehold"}),
            hides=Hidden(metadata=True, shown_if=UNTIL_TRANSFERRED),
        ),
        "inspection_team": Right(ByAudience(), creates=True, changes=True, acts=KEEPS, while_in=BEFORE_TRANSFER),
        "leading_group": Right(Every(), acts=DECIDES, hides=Hidden(metadata=True, shown_if=IN_DRAFT)),
        "case_supervision": Right(ByAudience("transferred to it"), changes=True, acts=KEEPS),
        "handling_department": Right(ByAudience("assigned"), changes=True, acts=HANDLES),
        "organisation_department": Right(ByAudience("transferred"), changes=True, acts=KEEPS),
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
        apart=NO_OWN_CADRE,
    ),
    logged=True,
)
