"""Who may call which function. PUBLIC may call none, and nobody calls the function of a trigger.

A function that is called within another one is called by the owner of that one.
"""

from collections.abc import Iterator, Mapping

from app.db.context import AUTH_ROLE, FIGURES_ROLE, SYSTEM_ROLE
from app.db.roles import CALLING, KEEPER, OWNER
from app.kernel.schema.statements import listed
from app.roles import READERS, WORK_LIST_READERS

COUNTING = (FIGURES_ROLE, *(f"ledger_{role}" for role in WORK_LIST_READERS))  # figures, and who drills them down
MERGING = ("ledger_inspection_office", "ledger_leading_group", SYSTEM_ROLE)
NAMING = (*CALLING, SYSTEM_ROLE)  # whose statements name a caller
# The role that signs in names the caller whose Idempotency-Key it keeps, and looks nothing up by that name.
NAMED = (*NAMING, AUTH_ROLE)
ADMINISTRATOR = "administrator"
PEOPLE = tuple(role for role in READERS if role != "partner_system")  # a partner is told of no deadline
TIMING = tuple(f"ledger_{role}" for role in (*PEOPLE, ADMINISTRATOR))
# By the owner of the functions, who alone can say so: function -> the database roles that call it. Those of `retention`
# say it themselves.
CALLED_BY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    OWNER: {
        "caller_context()": (*NAMED, KEEPER),
        "caller_grants()": (*NAMING, KEEPER),
        "caller_rounds()": NAMING,
        "caller_teams()": NAMING,
        "business_number(text, int, int)": NAMING,
        "unit_kin_ids(text, uuid)": (*NAMING, KEEPER),
        "principal_kin_ids(text, uuid, uuid)": (KEEPER,),
        "bodies_below(text, uuid)": (KEEPER,),
        "become_system(text)": CALLING,
        "system_mac(bytea, text, text)": (KEEPER,),
        "unit_scope_ids(text, uuid)": (KEEPER,),
        "team_scope_ids(text, uuid)": (KEEPER,),
    },
    KEEPER: {
        "set_caller(text)": NAMED,
        "entering_team()": NAMING,
        "caller_colleagues()": NAMING,
        "caller_ownership()": NAMING,
        "merge_takes_two(text, uuid, uuid)": MERGING,
        "merge_is_proposed(text, uuid, uuid)": MERGING,
        "sealed_key_ids()": (AUTH_ROLE,),
        "policy_in_force(text, text, date)": NAMING,
        "receivers_with_account()": ("ledger_inspection_office", SYSTEM_ROLE),
        "clues_without_reader(text, uuid)": (*COUNTING, SYSTEM_ROLE),
        "person_handed_over(text, uuid)": ("ledger_inspection_team",),
        "system_pass(text)": CALLING,
        "due_day(text, date, int, text, boolean, datemultirange)": TIMING,
        "policy_of(text, text, date)": TIMING,
        "deadline_for(text, text, date, date, date, datemultirange)": TIMING,
        "system_range()": (SYSTEM_ROLE,),
    },
}


def call_statements() -> Iterator[str]:
    """The grants to execute."""
    for owner, functions in CALLED_BY.items():
        yield f"set local role {owner}"
        for function, callers in functions.items():
            yield f"grant execute on function {function} to {listed(callers)}"
    yield f"set local role {OWNER}"
