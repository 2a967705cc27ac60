"""A feedback session is its unit's, and that of the team that inspects the unit."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Condition, Custom, Every, Knowing, SinceKnown

# Within the policy the team sees its own targets only.
OF_OWN_TARGETS = Custom(
    Condition(
        """({0}.round_id, {0}.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided')""",
        "own",
    ),
    old_versions=SinceKnown((Knowing("target", "x.round_id = {0}.round_id and x.unit_id = {0}.unit_id"),)),
)
NAMES = Hidden(members=frozenset({"receipt_name", "absentees"}))

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OF_OWN_TARGETS),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "inspected_unit": reads(ByAudience()),
    },
    audience=Audience("array[{0}.unit_id]"),
    partner=reads(ByAudience(), hides=NAMES),
)
