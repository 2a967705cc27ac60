"""An opinion is to be carried out by the day that it names, or within the period since the feedback."""

from app.kernel.declare.audience import AudienceDependency
from app.kernel.declare.obligations import Obligation

FED_BACK = """(select f.fed_back_on from finding f
        where f.jurisdiction = {0}.jurisdiction and f.id = {0}.finding_id)"""

OBLIGATIONS = (
    Obligation(
        "rectification",
        since=FED_BACK,
        due_on="{0}.due_on",
        is_open="{0}.state in ('issued', 'in_progress')",
        done_on="{0}.completed_on",
        looks_at=(AudienceDependency("finding", "{0}.finding_id = new.id", ("fed_back_on",)),),
        keepers=frozenset({"inspection_office"}),
    ),
)
