"""Made-up findings, always the same ones: texts of the length that working papers have (a row of about 1.2 KB)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

CHARACTERS = (
    "巡察发现问题线索移交整改落实责任单位党委会议制度执行监督检查"
    "资金管理项目采购程序规范台账资料印章合同审批报销标准时限"
)
KINDS = ("政治建设", "选人用人", "财务管理", "工程采购", "作风建设", "巡察整改", "内部控制", "其他")
SOURCES = ("信访", "谈话", "资料")
FIRST_DAY = date(2017, 1, 1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One finding, before either table gives it its own form."""

    title: str
    description: str
    seen_on: date
    kind: int
    unit: int
    amount: int
    source: str


def samples(count: int, seed: int) -> Iterator[Sample]:
    """So many findings. Each text is a stretch of one long random text, so none repeats another."""
    chance = random.Random(seed)
    corpus = "".join(chance.choices(CHARACTERS, k=500_000))

    def stretch(least: int, most: int) -> str:
        start = chance.randrange(len(corpus) - most)
        return corpus[start : start + chance.randrange(least, most)]

    for _ in range(count):
        day = FIRST_DAY + timedelta(days=chance.randrange(2100))
        title, description = stretch(24, 36), stretch(240, 360)
        kind, unit, amount = chance.randrange(len(KINDS)), chance.randrange(2000), chance.randrange(10**6)
        yield Sample(title, description, day, kind, unit, amount, chance.choice(SOURCES))
