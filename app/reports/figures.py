"""The figures of the work list (contract section 5, domain.md 6.1): what each lists and what it counts.

A figure is one declaration. The number in the work list, the drill-down and the answer schema are made from it and
cannot disagree. Voided records count nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.db.context import GUARD
from app.records import REGISTRY


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted over the listed records, the rows `t`.

    name      as it stands in the drill-down
    sql       aggregate expression
    quantity  whether the result is a number with a qualifier
    """

    name: str
    sql: str
    quantity: bool = False


def distinct(what: str, column: str) -> Counts:
    """Counts each person, unit … once, however many of the records name it."""
    return Counts(f"distinct_{what}", f"count(distinct t.{column})")


def total(column: str) -> Counts:
    """The sum of a quantity. If any value is `about`, so is the sum; else if any is `at_least`, so is the sum."""
    found = f"bool_or(t.{column} ->> 'qualifier' = '%s')"
    return Counts(
        "sum",
        f"jsonb_build_object('value', coalesce(sum((t.{column} ->> 'value')::bigint), 0), 'qualifier',"
        f" case when {found % 'about'} then 'about' when {found % 'at_least'} then 'at_least' else 'exact' end)",
        quantity=True,
    )


RECORDS = Counts("records", "count(*)")
OF_ROUND = "t.jurisdiction = {code} and t.round_id = {round}"
OF_TEAMS = """t.jurisdiction = {code} and t.team_id in (
    select x.id from team x where x.jurisdiction = {code} and x.round_id = {round})"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a round.

    name       place in the work list, nested with a dot
    label      Chinese name
    unit       人, 人次, 户 …, which are never mixed (domain.md 6.2)
    lists      record type whose records the drill-down lists
    where      which of the round's records, over the row `t`; {code} and {round} are the round's
    counts     what is counted over them
    of_round   which records are the round's
    """

    name: str
    label: str
    unit: str
    lists: str
    where: str = "true"
    counts: Counts = RECORDS
    of_round: str = OF_ROUND

    @property
    def table(self) -> str:
        """The table of the listed records."""
        return REGISTRY.by_path[self.lists].table

    @property
    def names(self) -> set[str]:
        """The names by which a caller may ask for it: the whole name, its last part, or for a total its group."""
        group, _, member = self.name.rpartition(".")
        return {self.name, group if member == "total" else member}

    def condition(self, code: str, round_: str) -> str:
        """The listed records as a condition over `t`. Both arguments are SQL expressions."""
        return f"({self.of_round}) and t.state <> 'voided' and ({self.where})".format(code=code, round=round_)

    def aggregate(self, counts: Counts, code: str, round_: str) -> str:
        """A scalar sub-select that counts the listed records."""
        return f"(select {counts.sql} from {self.table} t where {self.condition(code, round_)} and {GUARD})"


FED_BACK = "('fed_back', 'rectifying', 'rectified', 'closed_off')"
# Clues of the round that any transfer has sent, also a transfer of a later round. Merged clues count once, as the clue
# they were merged into: from each transferred clue the chain of mergers is followed to its end.
TRANSFERRED = """t.merged_into_id is null and t.id in (
    with recursive transferred (id) as (
      select unnest(x.clue_ids) from clue_transfer x
        where x.jurisdiction = {code} and x.state in ('sent', 'received', 'result_fed_back')
      union
      select m.merged_into_id from transferred join clue m on m.jurisdiction = {code} and m.id = transferred.id
        where m.merged_into_id is not null and m.state <> 'voided')
    select id from transferred)"""
WITH_COUNTED_FINDING = f"""t.phase = 'feedback' and exists (select from finding x
    where x.jurisdiction = {{code}} and x.round_id = {{round}} and x.category_id = t.id and x.state in {FED_BACK})"""

FIGURES = (
    Figure("teams", "巡察组", "个", "teams"),
    Figure("staff_seconded", "抽调工作人员", "人", "team-members", of_round=OF_TEAMS),
    Figure("targets.total", "巡察对象", "个", "targets"),
    Figure("targets.municipal_departments", "市直部门", "个", "targets", "t.unit_kind = 'municipal_department'"),
    Figure("targets.townships_streets", "乡镇街道", "个", "targets", "t.unit_kind = 'township_street'"),
    Figure("targets.village_groups", "村组", "个", "targets", "t.unit_kind = 'village_group'"),
    Figure(
        "households_visited",
        "走访贫困户",
        "户",
        "visits",
        "(t.households ->> 'value')::bigint > 0",
        total("households"),
    ),
    Figure("interviews", "了解谈话", "人次", "visits", "(t.interviews ->> 'value')::bigint > 0", total("interviews")),
    Figure("focus_categories", "巡察重点类别", "类", "finding-categories", "t.phase = 'focus'"),
    Figure("feedback_categories", "反馈问题类别", "大类", "finding-categories", WITH_COUNTED_FINDING),
    Figure("finding_items", "反馈问题", "项", "findings", f"t.state in {FED_BACK}"),
    Figure("rectification_opinions", "整改意见", "条", "rectification-opinions"),
    Figure("clues_transferred", "移交问题线索", "条", "clues", TRANSFERRED, distinct("clues", "id")),
    Figure(
        "clues_without_reader",
        "无人可阅办的问题线索",
        "条",
        "clues",
        "t.holder_unit_id is not null and t.id in (select clues_without_reader({code}, {round}))",
    ),
    Figure(
        "persons_case_filed",
        "立案审查",
        "人",
        "case-filings",
        "t.state <> 'withdrawn'",
        distinct("persons", "person_id"),
    ),
    Figure(
        "persons_held_accountable",
        "问责",
        "人",
        "accountability-decisions",
        "t.subject_kind = 'person'",
        distinct("persons", "person_id"),
    ),
    Figure(
        "units_collectively_summoned",
        "集体约谈单位",
        "个",
        "admonishments",
        "t.kind = 'collective_talk' and t.subject_kind = 'unit'",
        distinct("units", "unit_id"),
    ),
    Figure(
        "persons_referred_judicial",
        "移送司法",
        "人",
        "judicial-referrals",
        counts=distinct("persons", "person_id"),
    ),
    Figure(
        "follow_up.opinions_completed",
        "已完成的整改意见（含已销号）",
        "条",
        "rectification-opinions",
        "t.state in ('completed', 'closed_off')",
    ),
    Figure(
        "follow_up.opinions_closed_off", "已销号的整改意见", "条", "rectification-opinions", "t.state = 'closed_off'"
    ),
    Figure(
        "follow_up.clues_concluded",
        "已办结的问题线索（含已销号）",
        "条",
        "clues",
        "t.state in ('concluded', 'closed_off') and t.merged_into_id is null",
    ),
    Figure(
        "follow_up.clues_closed_off",
        "已销号的问题线索",
        "条",
        "clues",
        "t.state = 'closed_off' and t.merged_into_id is null",
    ),
    Figure("follow_up.immediate_total", "立行立改事项", "件", "immediate-rectifications"),
    Figure(
        "follow_up.immediate_resolved", "已办结的立行立改事项", "件", "immediate-rectifications", "t.state = 'resolved'"
    ),
    Figure("follow_up.look_backs", "回头看", "次", "look-backs"),
    Figure("follow_up.relapsed", "回头看发现的问题反弹", "次", "look-backs", "t.conclusion = 'relapsed'"),
)
# What these read of each table (counted_columns.py). A figure that looks at another column names it here.
READS = {
    "round": ("year", "sequence"),
    "finding_category": ("round_id", "phase"),
    "team": ("round_id",),
    "team_member": ("team_id",),
    "target": ("round_id", "unit_kind"),
    "visit": ("round_id", "households", "interviews"),
    "finding": ("round_id", "category_id"),
    "rectification_opinion": ("round_id",),
    "immediate_rectification": ("round_id",),
    "clue": ("round_id", "merged_into_id", "holder_unit_id"),
    "clue_transfer": ("clue_ids",),
    "case_filing": ("round_id", "person_id"),
    "accountability_decision": ("round_id", "subject_kind", "person_id"),
    "admonishment": ("round_id", "kind", "subject_kind", "unit_id"),
    "judicial_referral": ("round_id", "person_id"),
    "look_back": ("round_id", "conclusion"),
}
BY_NAME = {name: figure for figure in FIGURES for name in sorted(figure.names)}


def counting_sql(rounds: str, columns: Sequence[tuple[Figure, Counts]]) -> str:
    """One statement that counts all this for each row (id, jurisdiction, number, year, sequence) of `rounds`.

    Every scan has a caller guard of its own, so that no plan reads a table before the caller is known.
    """
    counted = [figure.aggregate(counts, "r.jurisdiction", "r.id") for figure, counts in columns]
    selected = ", ".join(f'{sql} as "{i}"' for i, sql in enumerate(counted))
    return f"select r.id, r.jurisdiction, r.number, r.year, r.sequence, {selected} from ({rounds}) r"
