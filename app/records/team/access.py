"""A unit learns which team inspects it when the team enters; the head's name is not told."""

from app.kernel.access import THE_TEAM, Access, Hidden, reads, writes

HEAD = Hidden(members=frozenset({"head_name"}))
AFTER_ENTRY = "{0}.id in (select x.team_id from target x where x.state <> 'voided')"

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(THE_TEAM),
        "leading_group": reads(),
        "case_supervision": reads(),
        "inspected_unit": reads(AFTER_ENTRY, hides=HEAD),
    },
    audience="array[{0}.id]",
)
