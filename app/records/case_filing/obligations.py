"""A filed case is to be investigated within the period of its lane; the lanes are counted by their own rules."""

from app.kernel.declare.obligations import Obligation

KEEPERS = frozenset({"case_supervision"})

OBLIGATIONS = (
    Obligation(
        "party_investigation",
        since="{0}.filed_on",
        is_open="{0}.state = 'filed' and {0}.lane = 'party'",
        done_on="{0}.concluded_on",
        keepers=KEEPERS,
    ),
    Obligation(
        "supervisory_investigation",
        since="{0}.filed_on",
        is_open="{0}.state = 'filed' and {0}.lane = 'supervisory'",
        done_on="{0}.concluded_on",
        keepers=KEEPERS,
    ),
)
