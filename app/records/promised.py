"""What a unit promises of an opinion, when it accepts one and when it reports: who, by when, and how."""

from app.kernel.declare.fields import Day, Lines, Text

RESPONSIBLE_PERSON = Text(
    "responsible_person",
    "责任人",
    secret=True,
    of_person=True,
    longest=50,
    headings=("整改责任人", "问题责任人", "责任人姓名", "责任领导"),
    sample="责任人甲01",
)
DUE_ON = Day(
    "due_on", "完成时限", headings=("整改时限", "整改完成时限", "完成期限", "整改期限"), ahead=True, sample="2017-08-08"
)
MEASURES = Lines(
    "measures",
    "整改措施",
    "逐条填写。",
    split="measures",
    headings=("措施", "具体措施", "具体整改措施"),
    sample=["补齐档案资料并组织复核", "对照清单逐户核查"],
)

# What an acceptance, and each item of a report, must name (contract section 2: not negotiable).
PROMISED = (RESPONSIBLE_PERSON, DUE_ON, MEASURES)
