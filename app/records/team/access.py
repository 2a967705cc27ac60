"""A unit learns which team inspects it when the team enters; the head's name is not told."""

from app.kernel.declare.access import Access, Hidden, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import Every, Knowing, OfKnownTeams, OwnTeam, SinceKnown

HEAD = Hidden(members=frozenset({"head_name"}))
KNOWN = OfKnownTeams("id", "after entry", old_versions=SinceKnown((Knowing("target", "x.team_id = {0}.id"),)))

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": reads(OwnTeam("id")),
        "leading_group": reads(Every()),
        "case_supervision": reads(Every()),
        "inspected_unit": reads(KNOWN, hides=HEAD),
    },
    audience=Audience("array[{0}.id]"),
)
