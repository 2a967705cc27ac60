"""What the ledger keeps of a round."""

from app.kernel.declare.fields import Choice, Day, Text, Whole, terms

KIND = terms(
    "round_kind",
    routine=("常规", "常规巡察"),
    special=("专项", "专项巡察"),
    mobile=("机动", "机动巡察"),
    elevated=("提级", "提级巡察"),
    look_back=("回头看", "巡察回头看"),
)

FIELDS = (
    Whole("year", "年度", required=True, least=1990, most=2100, names=True, headings=("年份", "年"), sample=2017),
    Whole(
        "sequence",
        "轮次",
        "当年第几轮。",
        required=True,
        least=1,
        most=99,
        names=True,
        headings=("轮次序号",),
        sample=1,
    ),
    Choice("kind", "巡察类型", terms=KIND, required=True, headings=("类型", "巡察方式"), sample="special"),
    Text("theme", "主题", required=True, headings=("巡察主题", "专题"), sample="脱贫攻坚"),
    Text("plan_document", "实施方案文号", headings=("方案文号", "实施方案"), sample="示发〔2017〕7号"),
    Day("starts_on", "开始日期", required=True, headings=("起始日期", "进驻开始日期"), ahead=True, sample="2017-04-10"),
    Day("ends_on", "结束日期", headings=("截止日期", "终止日期"), ahead=True, sample="2017-06-24"),
)
