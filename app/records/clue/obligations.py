"""A clue is to have a handling opinion, and to be concluded, within a period since its receiver signed for it.

An old ledger has no column for the day of an opinion as such, so its clues are asked for their conclusion alone. A clue
that is shelved waits for what may still come: nothing is due.
"""

from app.kernel.declare.audience import AudienceDependency
from app.kernel.declare.obligations import Obligation

RECEIVED = """(select max(x.received_on) from clue_transfer x where x.jurisdiction = {0}.jurisdiction
        and x.clue_ids @> array[{0}.id] and x.to_unit_id = {0}.holder_unit_id
        and x.state in ('received', 'result_fed_back'))"""
BY_TRANSFER = (AudienceDependency("clue_transfer", "{0}.id = any (new.clue_ids)", ("state", "received_on")),)
HOLDERS = frozenset({"case_supervision", "organisation_department"})

OBLIGATIONS = (
    Obligation(
        "clue_opinion",
        since=RECEIVED,
        is_open="{0}.state = 'transferred' and not {0}.imported",
        done_on="{0}.handling_decided_on",
        looks_at=BY_TRANSFER,
        keepers=HOLDERS,
    ),
    Obligation(
        "clue_conclusion",
        since=RECEIVED,
        is_open="{0}.state in ('transferred', 'handling') and {0}.handling is distinct from 'shelved_pending'",
        done_on="{0}.concluded_on",
        looks_at=BY_TRANSFER,
        keepers=HOLDERS,
    ),
)
