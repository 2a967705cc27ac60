"""A report is its unit's until it is submitted; then the bodies that the jurisdiction names examine it together."""

from dataclasses import replace

from app.kernel.declare.access import Access, Right, reads
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import ByAudience, Every
from app.records.common import OF_OWN_TARGETS

EXAMINES = Right(Every(), acts=frozenset({"examine"}))
SUBMITS = frozenset({"submit"})

ACCESS = Access(
    {
        "inspection_office": EXAMINES,
        "inspection_team": replace(EXAMINES, sees=OF_OWN_TARGETS),
        "leading_group": reads(Every()),
        "case_supervision": EXAMINES,
        "organisation_department": EXAMINES,
        "inspected_unit": Right(
            ByAudience(),
            creates=True,
            changes=True,
            acts=SUBMITS,
            while_in=("draft", "returned"),
            whenever=SUBMITS,
        ),
    },
    audience=Audience("array[{0}.unit_id]"),
)
