"""A feedback session is its unit's, and that of the team that inspects the unit."""

from app.kernel.declare.access import OWN, Access, Hidden, reads, writes

OF_TEAM = """({0}.round_id, {0}.unit_id) in (select x.round_id, x.unit_id from target x
    where x.state <> 'voided')"""
NAMES = Hidden(members=frozenset({"receipt_name", "absentees"}))

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": writes(OF_TEAM),
        "leading_group": reads(),
        "case_supervision": reads(),
        "inspected_unit": reads(OWN),
    },
    audience="array[{0}.unit_id]",
    partner=reads(OWN, hides=NAMES),
)
