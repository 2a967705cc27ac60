"""Which policies there are, and what values each may have.

What holds where a jurisdiction has laid down nothing is a row of the same table, for every jurisdiction: the migration
that made the table has brought it.
"""

from dataclasses import dataclass

from app.records.rectification_report.fields import BODY


@dataclass(frozen=True, slots=True)
class Policy:
    """A list of texts that a jurisdiction lays down.

    choices   the texts that it may hold; empty: any
    may_be_empty  whether it may be an empty list, which lays down nothing
    """

    name: str
    label: str
    help: str
    choices: tuple[str, ...] = ()
    may_be_empty: bool = False


POLICIES = {
    p.name: p
    for p in (
        Policy(
            "examining_bodies",
            "整改报告联审单位",
            "整改报告提交后由哪些单位联审，每一家都通过才通过。各地做法不一，没有全国性规定。",
            choices=BODY.codes,
        ),
        Policy("assessment_grades", "整改评估等次", "由好到差排列。各地做法不一，没有全国性规定。"),
        Policy("look_back_grades", "应回头看的等次", "评为这些等次的，建议回头看。", may_be_empty=True),
        Policy("assessment_indicators", "整改评估指标", "评估只用这些指标；没有规定的，可以自列。", may_be_empty=True),
    )
}
