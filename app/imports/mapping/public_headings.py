"""Headings of ledgers, forms and exports that are in public use. Where no field keeps one, it is known all the same.

A sheet names such a column 'not kept', apart from those that nobody understands.
"""

from functools import cache

from app.imports.files.headings import fold
from app.imports.files.located import OtherHeadings
from app.kernel.declare.record_type import RecordType

_WORKING_PAPER = """问题底稿编号 底稿编号 问题标题 问题表现 定性依据 佐证材料清单 佐证材料
责任主体初步分析 发现人 发现时间 底稿撰写人 撰写时间 组务会审核意见 组长签字 日期"""
_RECTIFICATION = (
    """反馈问题 整改目标 整改措施 责任领导 责任部门 完成时限 牵头单位 配合单位 整改进展 完成情况 是否销号 备注"""
)
_IMMEDIATE = """届次 年度 轮次 巡察组 问题涉及单位 移交立行立改问题数 形成报告时间"""
_CLUES = """线索编号 被反映人 单位及职务 职级详情 线索来源 当前部门 当前承办人 当前处置方式
处置结果 主要问题线索 反映人 重复件 转来人员 转来部门 转来时间 转来人员/部门/时间 案管分办时间 签收时间
外单位名称 当前部门办理天数 收件日期 性别 政治面貌 联系电话 通信地址 工作单位 职务 反映主要问题
拟办/审批意见 拟办意见 审批意见 拟办方式 转办(交办/督办/协调)单位 转办单位 交办单位 督办单位 办理结果"""
_CASES = """填报单位名称 填报单位 办理机关 受理线索编码 受理人员编码 出生年月 民族 学历
是否中共党员 入党时间 受理时间 处置方式1二级 处置情况报告 组织措施 办结时间 收缴金额(万元) 没收金额
责令退赔金额 登记上交金额 被调查人 年龄 立案报告 处分决定 审查调查报告 审理报告 简要案情 案件编码
涉案人员编码 立案时间 立案决定书 纪委立案时间 纪委立案机关 监委立案时间 监委立案机关 是否违反中央八项规定精神
是否主动交代问题 结案时间 是否属于本应撤销党内职务，但本人没有党内职务而给予严重警告处分
追缴失职渎职滥用职权造成的损失金额 审理受理时间 审结时间 审理机关 党纪处分 政务处分"""
_SUPERVISION = """问题来源 具体问题 责任部门(多个) 处置情况 整改状态 附件"""
_PROPOSED = """被巡察单位 统一社会信用代码 区划代码 问题类别 是否立行立改 反馈日期 整改意见
责任人 责任单位 销号日期 职级 主要问题 移交单位 移交日期 移交文号 接收单位 签收人 签收日期 处置方式
承办部门 办结日期 对象类型 姓名或单位 处理类型 处理方式 责任类型 形态 决定机关 决定日期 文号 影响期截止
关联线索编号 关联问题编号"""
_LISTS = (_WORKING_PAPER, _RECTIFICATION, _IMMEDIATE, _CLUES, _CASES, _SUPERVISION, _PROPOSED)
KNOWN = frozenset(fold(heading) for listed in _LISTS for heading in listed.split())
# A table that sums up what others list one by one. Its figures follow from the records and are not imported.
SUMMARY = frozenset(
    map(
        fold,
        ("巡察反馈问题应整改数", "已整改数", "完成率", "立行立改应整改数", "相关职能部门应落实意见数", "已落实意见数",
         "整改不力问责党组织数", "整改不力问责人员数"),
    )
)  # fmt: skip


@cache
def other_headings(t: RecordType) -> OtherHeadings:
    """What headings mean on a sheet of this type that are none of its columns."""
    return OtherHeadings(KNOWN, {fold(name): frozenset(map(fold, of)) for name, of in t.ledger.apart.items()})


def is_summary(headings: list[str]) -> bool:
    """Whether headings that are no columns are those of a summary table."""
    return len(SUMMARY.intersection(map(fold, headings))) > 1
