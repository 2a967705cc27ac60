"""The roles of principals: the one list, in the order in which documents name them.

What a role may see and do with the records of a type stands in that type's `access.py`. What else a role may do (work
lists, the access log, accounts, imports) stands here and at the routes concerned.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One role.

    name            as requests, tokens and the database know it
    label           Chinese name
    reads_records   whether records may exist for it; the others never see one
    work_lists      whether work lists are counted for it
    told_makers     whether it is told by name who made a record or a change; else of colleagues alone
    by_prefix       whether it may be bound to a prefix of division codes instead of one division
    unit            whether it is bound to a unit of its division: "required", "optional" or "none"
    team            whether it is bound to an inspection team
    subscribes      whether it names the record types that it wants to see, and sees no other
    expires         whether it is given for a limited time only
    confirms        whether it confirms what another has changed of an account
    exports         whether it takes out as files what it may list
    """

    name: str
    label: str
    reads_records: bool = True
    work_lists: bool = False
    told_makers: bool = False
    by_prefix: bool = False
    unit: str = "none"
    team: bool = False
    subscribes: bool = False
    expires: bool = False
    confirms: bool = False
    exports: bool = False


_ALL = (
    Role("administrator", "系统管理员", reads_records=False, by_prefix=True, confirms=True),
    Role("leading_group", "巡察工作领导小组", work_lists=True, told_makers=True, exports=True),
    Role("inspection_office", "巡察办", work_lists=True, told_makers=True, exports=True),
    Role("inspection_team", "巡察组", team=True, exports=True),
    Role("case_supervision", "案件监督管理室", work_lists=True, unit="required", exports=True),
    Role("handling_department", "承办部门", unit="required"),
    Role("organisation_department", "组织部门", unit="required", exports=True),
    Role("inspected_unit", "被巡察单位", unit="required"),
    Role("superior", "上级巡察机构", reads_records=False, work_lists=True, by_prefix=True),
    Role("auditor", "审计员", reads_records=False, told_makers=True),
    Role("security_officer", "安全管理员", reads_records=False, confirms=True),
    Role("partner_system", "对接系统", unit="optional", subscribes=True),
    Role("ledger_loader", "台账导入员", reads_records=False, by_prefix=True, expires=True),
)
# What an account may be given beside its role: name -> label. Only an account bound to a discipline body's unit.
GRANTS: Mapping[str, str] = {"own_cadres": "干部监督"}
ROLES: Mapping[str, Role] = {role.name: role for role in _ALL}
READERS = tuple(role.name for role in _ALL if role.reads_records)
EXPORTERS = tuple(role.name for role in _ALL if role.exports)
WORK_LIST_READERS = tuple(role.name for role in _ALL if role.work_lists)
