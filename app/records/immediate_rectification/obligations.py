"""What is put right at once is to be settled while the round lasts, or within the days of the rule."""

from app.kernel.declare.audience import AudienceDependency
from app.kernel.declare.obligations import Obligation

END_OF_ROUND = """(select greatest(r.ends_on, {0}.notified_on) from round r
        where r.jurisdiction = {0}.jurisdiction and r.id = {0}.round_id and r.ends_on is not null)"""

OBLIGATIONS = (
    Obligation(
        "immediate_rectification",
        since="{0}.notified_on",
        due_on=END_OF_ROUND,
        is_open="{0}.state = 'notified'",
        done_on="{0}.resolved_on",
        looks_at=(AudienceDependency("round", "{0}.round_id = new.id", ("ends_on",)),),
        keepers=frozenset({"inspection_office"}),
    ),
)
