"""A document is its team's and the office's until it is issued; then those read it who are addressed."""

from app.kernel.declare.access import Access, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every, EverySince, OwnTeam
from app.records.round_document.fields import HANDED_OVER

ONCE_ISSUED = reads(EverySince("released_on", "once issued"))
TO_ITS_UNIT = f"{{0}}.released_on is not null and {{0}}.kind in ({', '.join(map(repr, HANDED_OVER))})"

ACCESS = Access(
    {
        "inspection_office": writes(Every()),
        "inspection_team": writes(OwnTeam()),
        "leading_group": reads(Every()),
        "case_supervision": ONCE_ISSUED,
        "organisation_department": ONCE_ISSUED,
        "inspected_unit": reads(ByAudience("if addressed")),
    },
    audience=Audience(f"array[{{0}}.team_id, case when {TO_ITS_UNIT} then {{0}}.unit_id end]"),
)
