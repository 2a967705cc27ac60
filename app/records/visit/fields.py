"""What the ledger keeps of a visit (domain.md 1.1 and 1.4)."""

from app.kernel.declare.fields import Choice, Day, Quantity, Reference, terms
from app.records.common import ROUND, TEAM

METHOD = terms(
    "visit_method",
    household=("入户走访", "入户", "走访"),
    talk=("谈话", "个别谈话", "座谈"),
    site=("实地查看", "现场查看", "现场"),
    documents=("查阅资料", "查阅档案", "查阅台账"),
)

FIELDS = (
    ROUND,
    TEAM,
    Reference(
        "unit",
        "走访单位",
        to="units",
        required=True,
        headings=("单位", "被走访单位", "走访对象", "走访村组", "走访村", "被巡察单位"),
        sample="431382-U066",
    ),
    Day("visited_on", "走访日期", required=True, headings=("走访谈话日期", "谈话日期", "日期"), sample="2017-06-02"),
    Choice("method", "走访方式", terms=METHOD, headings=("方式", "工作方式"), sample="household"),
    Quantity(
        "households",
        "走访贫困户（户）",
        "以户计。",
        headings=("走访户", "贫困户", "入户", "走访贫困户户数"),
        sample={"value": 12, "qualifier": "exact"},
    ),
    Quantity(
        "interviews",
        "谈话（人次）",
        "以人次计，不是人数。",
        headings=("谈话人次", "了解谈话", "访谈", "访谈人次"),
        sample={"value": 20, "qualifier": "at_least"},
    ),
)
