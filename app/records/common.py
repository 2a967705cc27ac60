"""Fields and rules that several record types share, under the names of their fields."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.kernel.declare.access import Access, Right, reads, writes
from app.kernel.declare.audience import AudienceDependency
from app.kernel.declare.fields import Choice, Day, Flag, Reference, Text, Whole
from app.kernel.declare.record_type import Check
from app.kernel.declare.visibility import Condition, Custom, Every, Knowing, OfKnownRounds, SinceKnown
from app.records.terms import CONDUCT as CONDUCT_TERMS
from app.records.terms import RANK
from app.records.terms import SUBJECT_KIND as SUBJECT_KIND_TERMS

ROUND = Reference(
    "round",
    "巡察轮次",
    to="rounds",
    required=True,
    headings=("轮次编号", "轮次", "所属轮次", "巡察轮次编号"),
    sample="431382-2017-01",
)
TEAM_IF_KNOWN = Reference(
    "team",
    "巡察组",
    to="teams",
    headings=("组别", "巡察组名称", "巡察组别", "所属巡察组"),
    sample="431382-2017-01-Z-001",
)
TEAM = replace(TEAM_IF_KNOWN, required=True)
INSPECTED_UNIT = Reference(
    "unit",
    "被巡察单位",
    to="units",
    required=True,
    headings=("单位", "单位名称", "被巡察单位名称", "被巡察党组织", "被巡察党组织名称"),
    sample="431382-U045",
)
COOPERATING_UNIT = Reference(
    "cooperating_unit",
    "配合单位",
    to="units",
    many=True,
    headings=("协办单位", "协助单位", "配合部门"),
    sample=["431382-U010"],
)
FINDING = Reference(
    "finding",
    "关联问题",
    to="findings",
    headings=("关联问题编号", "问题编号", "对应问题", "对应问题编号"),
    follows=True,
    sample="431382-2017-01-F-0001",
)
CONDUCT = Choice(
    "conduct", "行为表现", terms=CONDUCT_TERMS, many=True, headings=("作风表现", "行为类型"), sample=["slow"]
)
AMOUNT_FEN = Whole(
    "amount_fen", "涉及金额", most=10**15, money=True, headings=("金额", "涉案金额", "涉及资金"), sample=900_000
)
DOCUMENT_NUMBER = Text(
    "document_number",
    "文号",
    headings=("发文字号", "文书号", "文件号", "问责文号", "决定文号"),
    sample="示责〔2017〕1号",
)

PERSON_IF_KNOWN = Reference(
    "person",
    "人员",
    to="persons",
    secret=True,
    headings=("人员编号", "人员编码", "受理人员编码", "涉案人员编码"),
    sample="431382-P011",
)
PERSON = replace(PERSON_IF_KNOWN, required=True)
PERSON_NAME = Text(
    "person_name",
    "姓名",
    longest=50,
    secret=True,
    of_person=True,
    headings=("人员姓名", "被审查人", "被立案人", "被调查人", "被审查调查人"),
)
OWN_NAME = Text("name", "姓名", required=True, secret=True, of_person=True, longest=50)
# Of a type that may name a person, for its `About`.
UNITS_OF_PERSON = """(select p.unit_id || coalesce(p.other_unit_ids, '{{}}') from person p
        where p.jurisdiction = {0}.jurisdiction and p.id = {0}.person_id)"""
PERSON_MOVES = AudienceDependency("person", "{0}.person_id = new.id", ("unit_id", "other_unit_ids"))
PERSON_AS_DECIDED = (
    Reference(
        "person_unit", "所在单位", "决定时的单位。", to="units", copied=("person", "unit"), headings=("工作单位",)
    ),
    Text("person_post", "职务", "决定时的职务。", longest=100, copied=("person", "post"), headings=("人员职务",)),
    Choice("person_rank", "职级", "决定时的职级。", terms=RANK, copied=("person", "rank"), headings=("人员职级",)),
)

SUBJECT_KIND = Choice(
    "subject_kind",
    "对象类型",
    "对象是组织的填单位，是个人的填人员，只填一项。",
    terms=SUBJECT_KIND_TERMS,
    required=True,
    headings=("对象类别", "对象性质", "问责对象类型", "约谈对象类型"),
    sample="unit",
)
SUBJECT_UNIT = Reference("unit", "对象单位", to="units", headings=("单位编码", "单位编号"), sample="431382-U050")
# Where more than metadata is told of a clue or a case filing, to roles that are told metadata otherwise. Only there do
# these roles meet its person.
UNTIL_TRANSFERRED = Condition("{0}.holder_unit_id is null", "until transferred")
IN_DRAFT = Condition(  # a draft that another transfer came before is never sent, and shows nothing
    """{0}.holder_unit_id is null and exists (select from clue_transfer d
    where d.jurisdiction = {0}.jurisdiction and d.clue_ids @> array[{0}.id] and d.state = 'draft')""",
    "in a transfer in draft",
)
# A clue about a cadre of a discipline body is for those of that body who have the grant `own_cadres` (干部监督) alone.
NO_OWN_CADRE = Condition(
    """({0}.about && (select caller_grants() -> 'any' ->> 'cadre_ids')::uuid[] or not exists (select from unit u
    where u.jurisdiction = {0}.jurisdiction and u.id = any ({0}.about) and u.kind = 'discipline_body'))""",
    "about no cadre of a discipline body, or with the grant",
)
DECIDED = Condition("{0}.concluded_on is not null", "once decided")
# `read_subject` leaves the name here.
SUBJECT_AGREES = {"subject_name": ("person", "name")}


# What a unit has in a round is its team's, too. Within the policy the team sees its own targets only.
OF_OWN_TARGETS = Custom(
    Condition(
        """({0}.round_id, {0}.unit_id) in (select x.round_id, x.unit_id from target x
        where x.state <> 'voided')""",
        "own",
    ),
    old_versions=SinceKnown((Knowing("target", "x.round_id = {0}.round_id and x.unit_id = {0}.unit_id"),)),
)


def seen_with_the_round(column: str) -> Access:
    """Kept by the office; a team sees what belongs to its round, and a unit what belongs to a round that entered it.

    A partner bound to a unit sees what its unit sees; one without, what has begun. `column` names the round: `id` for
    rounds, `round_id` for what belongs to one.
    """
    every, match = reads(Every()), f"x.round_id = {{0}}.{column}"
    by_team, by_target = Knowing("team", match), Knowing("target", match)
    begins = f"select b.starts_on from round b where b.jurisdiction = {{0}}.jurisdiction and b.id = {{0}}.{column}"

    def known(words: str, *by: Knowing, begins: str = "") -> Right:
        return reads(OfKnownRounds(column, words, old_versions=SinceKnown(by, begins)))

    return Access(
        {
            "inspection_office": writes(Every()),
            "leading_group": every,
            "case_supervision": every,
            "inspection_team": known("own", by_team),
            "inspected_unit": known("after entry", by_target),
        },
        partner=known("of its unit after entry, or begun where it has none", by_target, begins=begins),
    )


IS_CLOSED_OFF = Flag("is_closed_off", "是否销号", headings=("销号", "是否已销号"))


def day_on(label: str, sample: str) -> Day:
    """The day that the body of a transition gives."""
    return Day("on", label, required=True, sample=sample)


def subject_column(label: str, *headings: str) -> Text:
    """The column of a ledger in which the subject is named, a person or an organisation."""
    return Text("subject", label, longest=100, secret=True, headings=headings)


def in_order(context: Check, row: Mapping[str, Any], *members: str) -> None:
    """Days that follow one another: none of those given lies before one that is named earlier."""
    latest = ""
    for member in members:
        if not row.get(member):
            continue
        if latest and row[member] < row[latest]:
            context.field_error(member, "day_before", other=latest)
        else:
            latest = member


def closed_off_otherwise(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a ledger says in one column that something is closed off, and in another that it is not."""
    if row.get("closed_off_on") and not row.get("is_closed_off"):
        yield "closed_off_on", "is_closed_off"


def given_otherwise(old: Mapping[str, Any], new: Mapping[str, Any], id_column: str, number_column: str) -> bool:
    """Whether a reference, or a list of them, differs from the old row. A body may give it in either way."""
    if new.get(id_column):
        return bool(new[id_column] != old[id_column])
    return bool((new.get(number_column) or None) != (old[number_column] or None))


def read_subject(row: dict[str, Any]) -> None:
    """One column of a ledger names the subject: a unit by name or number, a person by number.

    Beside a person's number it holds the name, which must then be that person's. A person's name alone stays in the
    place of the number and finds nobody: persons are never told apart by name.
    """
    subject = row.get("subject")
    if not subject:
        return
    if row.get("subject_kind") != "person":
        row["unit"] = row.get("unit") or subject
    elif not row.get("person"):
        row["person"] = subject
    elif row["person"] != subject:
        row["subject_name"] = subject


def check_subject(context: Check, row: Mapping[str, Any]) -> None:
    """A subject is a person or an organisation, and never both (domain.md 4.6)."""
    for kind in ("unit", "person"):
        # A body may name it either way; of a new record only the given one is there.
        given, expected = bool(row.get(f"{kind}_id") or row.get(f"{kind}_number")), row["subject_kind"] == kind
        if given != expected:
            context.field_error(f"{kind}_number", "subject_missing" if expected else "subject_superfluous")
