"""What the ledger keeps of a judicial referral (domain.md 3.7)."""

from dataclasses import replace

from app.kernel.declare.fields import Day, Reference, Text
from app.records.common import DOCUMENT_NUMBER, PERSON, PERSON_AS_DECIDED, ROUND

FIELDS = (
    ROUND,
    replace(PERSON, sample="431382-P003"),
    *PERSON_AS_DECIDED,
    Reference(
        "from_unit",
        "移送机关",
        to="units",
        required=True,
        headings=("移送单位", "移交机关", "移交单位"),
        sample="431382-U001",
    ),
    Reference(
        "to_unit",
        "接收机关",
        "检察机关、公安机关等（监察法第五十二条）。",
        to="units",
        required=True,
        headings=("接收单位", "受理机关", "司法机关"),
        sample="431382-U004",
    ),
    Day("referred_on", "移送日期", required=True, headings=("移交日期", "移送司法日期"), sample="2017-08-21"),
    replace(DOCUMENT_NUMBER, headings=(*DOCUMENT_NUMBER.headings, "移送文号"), sample="示移〔2017〕2号"),
    Text("suspected_offence", "涉嫌罪名", headings=("罪名", "涉嫌犯罪", "涉嫌罪行"), sample="贪污"),
    Reference(
        "case_filing",
        "关联立案",
        "2018年3月20日以前的移送可以没有立案。",
        to="case-filings",
        headings=("关联立案编号", "立案编号", "案件编号"),
        follows=True,
        sample="431382-2017-01-K-003",
    ),
)
