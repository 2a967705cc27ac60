"""The register of persons belongs to case supervision; others meet a person only through records they may read.

Whoever meets a person reads its history from the version that stood then.
"""

from app.kernel.declare.access import METADATA, Access, Right, by_reference, reads, writes
from app.kernel.declare.audience import Audience
from app.kernel.declare.visibility import Condition, Custom, Every, Knowing, SinceKnown
from app.records.common import DECIDED, IN_DRAFT, NO_OWN_CADRE, UNTIL_TRANSFERRED

DECISIONS = ("accountability_decision", "admonishment", "look_back")
BY_DECISION = " or ".join(by_reference(table, "person_id") for table in DECISIONS)
# A clue or a filing of which only metadata are shown tells nobody whom it is about.
BY_CLUE = by_reference("clue", "person_id", NO_OWN_CADRE.sql)
BY_OPEN_CLUE = by_reference("clue", "person_id", f"{UNTIL_TRANSFERRED.sql} and {NO_OWN_CADRE.sql}")
BY_DRAFT = by_reference("clue", "person_id", f"{IN_DRAFT.sql} and {NO_OWN_CADRE.sql}")
BY_CASE = f"{by_reference('case_filing', 'person_id', DECIDED.sql)} or {by_reference('judicial_referral', 'person_id')}"
THROUGH_RECORDS = "through records it may read"

ABOUT = "x.person_id = {0}.id"
SINCE_CLUE, SINCE_DECISIONS = Knowing("clue", ABOUT), tuple(Knowing(table, ABOUT, "true") for table in DECISIONS)
SINCE_DRAFT = Knowing(
    "clue_transfer",
    """exists (select from clue c where c.jurisdiction = {0}.jurisdiction and c.person_id = {0}.id
      and x.clue_ids @> array[c.id])""",
    "k.state = 'draft'",
)
SINCE_CASE = (Knowing("case_filing", ABOUT, "k.state = 'decided'"), Knowing("judicial_referral", ABOUT, "true"))

OF_OFFICE = Custom(
    Condition(f"({BY_OPEN_CLUE} or {BY_DECISION})", THROUGH_RECORDS),
    old_versions=SinceKnown((Knowing("clue", ABOUT, "true"), *SINCE_DECISIONS)),
)
OF_LEADERS = Custom(
    Condition(f"({BY_DRAFT} or {BY_DECISION} or {BY_CASE})", THROUGH_RECORDS),
    old_versions=SinceKnown((SINCE_DRAFT, *SINCE_DECISIONS, *SINCE_CASE)),
)
OF_ASSIGNED = Custom(Condition(BY_CLUE, "of assigned clues"), old_versions=SinceKnown((SINCE_CLUE,)))
OF_TRANSFERRED = Custom(Condition(BY_CLUE, "of transferred clues"), old_versions=SinceKnown((SINCE_CLUE,)))
OF_TEAM = Custom(
    Condition(
        f"({{0}}.audience && {{scope_ids}} and not person_handed_over({{0}}.jurisdiction, {{0}}.id) or {BY_CLUE})",
        "of own clues until transferred",
    ),
    old_versions=SinceKnown((SINCE_CLUE, Knowing("person", "x.id = {0}.id"))),
    compares_audience=True,
)

ACCESS = Access(
    {
        "inspection_office": reads(OF_OFFICE, hides=METADATA, lists=False),
        "leading_group": reads(OF_LEADERS, hides=METADATA, lists=False),
        "case_supervision": writes(Every()),
        "inspection_team": Right(OF_TEAM, creates=True),
        "handling_department": reads(OF_ASSIGNED),
        "organisation_department": reads(OF_TRANSFERRED),
    },
    # The team that entered a person sees it until a clue about the person is transferred. That is asked at each read,
    # and the person gets no version by it: who reads its history would learn from that version that there is a clue.
    audience=Audience("array[{0}.entered_by_team]", entered_by_team=True),
    logged=True,
)
