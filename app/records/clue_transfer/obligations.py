"""Discipline and organisation bodies report back within three months (巡视工作条例第二十九条)."""

from app.kernel.declare.obligations import Obligation

OBLIGATIONS = (
    Obligation(
        "clue_feedback",
        since="{0}.received_on",
        is_open="{0}.state = 'received' and {0}.route in ('discipline', 'organisation')",
        done_on="{0}.fed_back_on",
        keepers=frozenset({"inspection_office"}),
    ),
)
