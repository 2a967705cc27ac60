"""A Party sanction is announced within a month. Of an old ledger nothing is asked: few have a column for the day."""

from app.kernel.declare.obligations import Obligation

OBLIGATIONS = (
    Obligation(
        "decision_announcement",
        since="{0}.decided_on",
        is_open="{0}.state = 'decided' and {0}.mode = 'discipline_sanction' and not {0}.imported",
        done_on="{0}.announced_on",
        keepers=frozenset({"case_supervision"}),
    ),
)
