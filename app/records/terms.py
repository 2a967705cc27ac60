"""The closed vocabularies that several record types share (contract section 2, domain.md sections 3 and 5)."""

from app.kernel.declare.fields import terms

UNIT_KIND = terms(
    "unit_kind",
    municipal_department=("市直部门", "县直部门", "区直部门", "直属部门"),
    township_street=("乡镇街道", "乡镇（街道）", "乡镇", "街道"),
    village_group=("村组", "村", "村（社区）"),
    discipline_body=("纪检机关", "纪检监察机关"),
    organisation_department="组织部门",
    inspection_office=("巡察机构", "巡察办"),
    judicial_body="司法机关",
    other="其他",
)
MANAGED_BY = terms(
    "managed_by",
    county=("县管干部", "市管干部", "区管干部", "县管", "本级"),
    upper=("上级管理", "省管干部", "上级党委管理"),
    unit=("单位管理", "一般干部"),
)
RANK = terms(
    "rank",
    provincial="省部级",
    bureau="厅局级",
    county="县处级",
    township="乡科级",
    general_staff="一般干部",
    other=("农村、企业等其他人员", "其他人员", "其他"),
)
POLITICAL_STATUS = terms(
    "political_status",
    party_member=("中共党员", "党员"),
    probationary=("预备党员", "中共预备党员"),
    league_member=("共青团员", "团员"),
    other_party="民主党派",
    none="群众",
)
CONDUCT = terms(
    "conduct",
    favouritism="优亲厚友",
    skimming="雁过拔毛",
    seizing="强占掠夺",
    reckless="乱作为",
    inaction="不作为",
    slow="慢作为",
    fraud="弄虚作假",
)
SUBJECT_KIND = terms("subject_kind", unit=("组织", "单位"), person=("个人", "人员"))
PROGRESS = terms(
    "progress",
    not_started=("未启动", "未开始"),
    in_progress=("整改中", "正在整改"),
    basically_completed="基本完成",
    completed=("已完成", "整改完成", "完成"),
)
