"""What a principal of each role must, may and must not be bound to: division, unit, team, record types, expiry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import now
from app.db.roles import ROLES
from app.errors import FieldError
from app.records import REGISTRY

LOADER_DAYS = 30
SHARED = tuple(t.path for t in REGISTRY if t.access.partner)
ANYWHERE = ("administrator", "superior", "ledger_loader")  # may be bound to a prefix
OF_A_UNIT = ("case_supervision", "handling_department", "organisation_department", "inspected_unit")
LABELS = {
    "administrator": "系统管理员",
    "leading_group": "巡察工作领导小组",
    "inspection_office": "巡察办",
    "inspection_team": "巡察组",
    "case_supervision": "案件监督管理室",
    "handling_department": "承办部门",
    "organisation_department": "组织部门",
    "inspected_unit": "被巡察单位",
    "superior": "上级机关",
    "auditor": "审计人员",
    "partner_system": "协作系统",
    "ledger_loader": "台账导入员",
}
# What a member is called in a sentence, and on the command line.
MEMBERS = {
    "unit_number": ("所属单位的编号", "--unit"),
    "team_number": ("所属巡察组的编号", "--team"),
    "types": ("订阅的记录类型", "--types"),
}


@dataclass(frozen=True)
class Binding:
    """What a principal is, and where it belongs. `jurisdiction` has six digits, or fewer for a prefix."""

    role: str
    jurisdiction: str
    unit_number: str | None = None
    team_number: str | None = None
    types: Sequence[str] | None = None
    expires_at: datetime | None = None


def field_errors(b: Binding) -> list[FieldError]:
    """Everything that does not fit the role."""
    if b.role not in ROLES:
        return [FieldError("/role", "not_a_choice", {}, ROLES)]
    found = []
    anywhere = b.role in ANYWHERE
    if not re.fullmatch(r"[0-9]{0,6}" if anywhere else r"[0-9]{6}", b.jurisdiction):
        found.append(FieldError("/jurisdiction", "not_a_prefix" if anywhere else "not_a_jurisdiction"))
    partner = b.role == "partner_system"
    found += _member(b.role, "unit_number", b.unit_number, b.role in OF_A_UNIT, partner)
    found += _member(b.role, "team_number", b.team_number, b.role == "inspection_team", False)
    found += _member(b.role, "types", b.types, False, partner)
    if b.types and set(b.types) - set(SHARED):
        found.append(FieldError("/types", "not_a_choice", {}, SHARED))
    if b.role == "ledger_loader" and not (b.expires_at and b.expires_at <= now() + timedelta(days=LOADER_DAYS)):
        found.append(FieldError("/expires_at", "loader_expires", {"days": LOADER_DAYS}))
    return found


def _member(role: str, name: str, value: object, needed: bool, allowed: bool) -> list[FieldError]:
    label, option = MEMBERS[name]
    params = {"role": LABELS[role], "role_code": role, "name": name, "label": label, "option": option}
    if needed and not value:
        return [FieldError(f"/{name}", "binding_missing", params)]
    if value is not None and not (needed or allowed):
        return [FieldError(f"/{name}", "binding_superfluous", params)]
    return []
