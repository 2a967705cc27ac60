"""The figures of the periodic bulletin on supervision and discipline (domain.md 6.2), over the days of a period.

A figure is one declaration: which records, by which day of theirs, what is counted of them, and by which of their
columns it is told apart. 件, 人 and 人次 are never added up. As the work list, they are counted by a role of the
database that reads neither names nor texts. Voided records count nowhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from app.db.context import FIGURES_ROLE, GUARD
from app.kernel.declare.fields import Choice, Terms, terms
from app.kernel.store import RequestContext
from app.records import REGISTRY

CASES, PERSONS = "count(*)", "count(distinct t.person_id)"
FILED = "t.state <> 'withdrawn'"
SANCTIONED = {
    column: f"coalesce(t.{column} not in ('none', 'exempted'), false)"
    for column in ("party_sanction", "admin_sanction")
}
PARTY, ADMINISTRATIVE = SANCTIONED.values()
SANCTIONS = terms("sanctions", party="仅党纪处分", administrative="仅政务处分", both="党纪政务双重处分")
# Of a person who was sanctioned in several filings of the period: both, if one gave the one and another the other.
BY_SANCTION = f"""select case when bool_or({PARTY}) and bool_or({ADMINISTRATIVE}) then 'both'
      when bool_or({PARTY}) then 'party' else 'administrative' end as code, t.person_id"""
NO_TERMS = Terms("", {})
FORMS = terms("forms", **{"1": "第一种形态", "2": "第二种形态", "3": "第三种形态", "4": "第四种形态"})
OF_VILLAGES = """exists (select from person p
    where p.jurisdiction = t.jurisdiction and p.id = t.person_id and p.is_village_manager)"""


@dataclass(frozen=True, slots=True)
class PeriodFigure:
    """One figure of a period.

    name     name in the answer
    label    Chinese name
    unit     件, 人, 人次 or 个
    counts   SQL aggregate over the records, the rows `t`
    of       path of the type whose records are counted
    day      the column by which a record belongs to the period
    where    which of them
    by       the column by which the figure is told apart; `terms` are its codes and labels
    """

    name: str
    label: str
    unit: str
    counts: str
    of: str
    day: str
    where: str = "true"
    by: str = ""
    terms: Terms = NO_TERMS

    @property
    def table(self) -> str:
        """The table of the counted records."""
        return REGISTRY.by_path[self.of].table


def _by(path: str, column: str) -> Any:
    """The column of a choice, and its vocabulary."""
    chosen = REGISTRY.by_path[path].field(column)
    assert isinstance(chosen, Choice)
    return {"by": f"t.{column}", "terms": chosen.terms}


def _figures() -> Iterator[PeriodFigure]:
    clue, filing, decision = "clues", "case-filings", "accountability-decisions"
    not_merged, sanctioned = "t.merged_into_id is null", f"t.state = 'decided' and ({PARTY} or {ADMINISTRATIVE})"
    yield PeriodFigure(
        "clues_registered", "登记问题线索", "件", CASES, clue, "registered_on", not_merged, **_by(clue, "source")
    )
    yield PeriodFigure(
        "clues_handled", "处置问题线索", "件", CASES, clue, "handling_decided_on",
        f"t.handling is not null and {not_merged}", **_by(clue, "handling"),
    )  # fmt: skip
    yield PeriodFigure("cases_filed", "立案", "件", CASES, filing, "filed_on", FILED, **_by(filing, "lane"))
    yield PeriodFigure("persons_filed", "立案", "人", PERSONS, filing, "filed_on", FILED, **_by(filing, "person_rank"))
    yield PeriodFigure(
        "village_managers_filed", "立案的村干部", "人", PERSONS, filing, "filed_on", f"{FILED} and {OF_VILLAGES}"
    )
    yield PeriodFigure(
        "persons_sanctioned", "处分", "人", PERSONS, filing, "concluded_on", sanctioned, **_by(filing, "person_rank")
    )
    yield PeriodFigure(
        "persons_by_sanction", "处分", "人", PERSONS, filing, "concluded_on", sanctioned, BY_SANCTION, SANCTIONS
    )
    yield PeriodFigure(
        "four_forms", "运用四种形态批评教育和处理", "人次", CASES, decision, "decided_on",
        "t.subject_kind = 'person' and t.form is not null", "t.form::text", FORMS,
    )  # fmt: skip
    for kind, counts, label, unit in (
        ("person", PERSONS, "问责个人", "人"),
        ("unit", "count(distinct t.unit_id)", "问责组织", "个"),
    ):
        yield PeriodFigure(
            f"{kind}s_held_accountable", label, unit, counts, decision, "decided_on", f"t.subject_kind = '{kind}'",
            **_by(decision, "mode"),
        )  # fmt: skip
    yield PeriodFigure("persons_referred_judicial", "移送司法", "人", PERSONS, "judicial-referrals", "referred_on")


FIGURES = tuple(_figures())
# What `ledger_figures` may read of each table for these, beside what the work list reads.
READS = {
    "clue": ("source", "registered_on", "handling", "handling_decided_on"),
    "case_filing": ("lane", "filed_on", "concluded_on", "party_sanction", "admin_sanction", "person_rank"),
    "accountability_decision": ("mode", "form", "decided_on", "unit_id"),
    "judicial_referral": ("referred_on",),
    "person": ("is_village_manager",),
}


def _counted(figure: PeriodFigure, first: str, last: str) -> str:
    """SQL of one figure over the days from $`first` to $`last`: its value and, by code, its parts."""
    records = f"""from {figure.table} t where t.state <> 'voided' and t.{figure.day} between {first} and {last}
    and ({figure.where}) and {GUARD}"""
    whole = f"(select {figure.counts} {records})"
    if not figure.by:
        return f"json_build_object('value', {whole})"
    if figure.by.startswith("select"):
        parts = f"select g.code, count(*) as value from ({figure.by} {records} group by t.person_id) g group by g.code"
    else:
        parts = f"select coalesce({figure.by}, '') as code, {figure.counts} as value {records} group by 1"
    return f"json_build_object('value', {whole}, 'parts', (select json_object_agg(x.code, x.value) from ({parts}) x))"


STATEMENT = "select " + ", ".join(
    f"{_counted(f, f'$2::text::date{back}', f'$3::text::date{back}')}::text as {f.name}_{name}"
    for f in FIGURES
    for name, back in (("now", ""), ("before", " - interval '1 year'"))
)


async def statistics(ctx: RequestContext, first: date, last: date) -> dict[str, Any]:
    """The figures of the caller's division from one day to another, both counted, beside those of a year before.

    Costs one statement, which reads the records of both periods.
    """

    async def count(connection: Any) -> Sequence[Any]:
        found: Sequence[Any] = await connection.fetch(STATEMENT, ctx.context(), first.isoformat(), last.isoformat())
        return found

    [row] = await ctx.read_lagging(FIGURES_ROLE, count)
    found = [_figure(f, orjson.loads(row[f"{f.name}_now"]), orjson.loads(row[f"{f.name}_before"])) for f in FIGURES]
    return {"from": first.isoformat(), "to": last.isoformat(), "figures": found}


def _figure(figure: PeriodFigure, now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """A figure of the answer. Records that name no code stand in a part of their own, after the others."""
    parts, former = now.get("parts") or {}, before.get("parts") or {}
    labels = {**{code: figure.terms.label(code) for code in figure.terms.codes}, "": "未填写"}
    return {
        "name": figure.name,
        "label": figure.label,
        "unit": figure.unit,
        "value": now["value"],
        "year_before": before["value"],
        "parts": [
            {"code": code or None, "label": label, "value": parts.get(code, 0), "year_before": former.get(code, 0)}
            for code, label in labels.items()
            if figure.by and (code or parts.get(code) or former.get(code))
        ],
    }
