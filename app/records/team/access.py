"""A unit learns which team inspects it when the team enters; the head's name is not told."""

from app.kernel.declare.access import ITS_TEAM, THE_TEAM, Access, Hidden, reads, writes

HEAD = Hidden(members=frozenset({"head_name"}))

ACCESS = Access(
    {
        "inspection_office": writes(),
        "inspection_team": reads(THE_TEAM),
        "leading_group": reads(),
        "case_supervision": reads(),
        "inspected_unit": reads(ITS_TEAM, hides=HEAD),
    },
    audience="array[{0}.id]",
)
