"""What a principal of each role must, may and must not be bound to: division, unit, team, record types, expiry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.auth.principals import Principal
from app.clock import now
from app.errors import FieldError
from app.records import REGISTRY
from app.roles import GRANTS, ROLES, Role

LONGEST_DAYS = 30  # how long a role that expires may be given for
SUBSCRIBABLE = tuple(t.path for t in REGISTRY if t.access.partner)
# Field -> what sentences call it, and its option on the command line.
MEMBERS = {
    "unit_number": ("所属单位的编号", "--unit"),
    "team_number": ("所属巡察组的编号", "--team"),
    "home_unit_number": ("本人所在单位的编号", "--home"),
    "grants": ("专项授权", "--grants"),
    "types": ("订阅的记录类型", "--types"),
}


@dataclass(frozen=True)
class Binding:
    """The role of a principal, and where the principal belongs.

    `jurisdiction` is a division code of six digits, or fewer digits for a prefix. `home_unit_number` is the unit to
    which the person belongs: kin is judged on it, too. `grants` are those of `app/roles.py`.
    """

    role: str
    jurisdiction: str
    unit_number: str | None = None
    team_number: str | None = None
    home_unit_number: str | None = None
    grants: Sequence[str] = ()
    types: Sequence[str] | None = None
    expires_at: datetime | None = None


def binding_of(p: Principal) -> Binding:
    """The role of a principal, and what it is bound to."""
    grants = tuple(p.grants)
    return Binding(
        p.role, p.jurisdiction, p.unit_number, p.team_number, p.home_unit_number, grants, p.types, p.expires_at
    )


def field_errors(b: Binding, kind: str) -> list[FieldError]:
    """Everything in the binding of a principal of this kind that does not fit the role."""
    role = ROLES.get(b.role)
    if role is None:
        return [FieldError("/role", "not_a_choice", {}, tuple(ROLES))]
    found = []
    if not re.fullmatch(r"[0-9]{0,6}" if role.by_prefix else r"[0-9]{6}", b.jurisdiction):
        found.append(FieldError("/jurisdiction", "not_a_prefix" if role.by_prefix else "not_a_jurisdiction"))
    found += _member(role, "unit_number", b.unit_number, role.unit == "required", role.unit == "optional")
    found += _member(role, "team_number", b.team_number, role.team, False)
    found += _member(role, "home_unit_number", b.home_unit_number, False, len(b.jurisdiction) == 6)
    found += _member(role, "grants", b.grants or None, False, role.unit == "required")
    if set(b.grants) - GRANTS.keys():
        found.append(FieldError("/grants", "not_a_choice", {}, tuple(GRANTS)))
    found += _member(role, "types", b.types, False, role.subscribes)
    if b.types and set(b.types) - set(SUBSCRIBABLE):
        found.append(FieldError("/types", "not_a_choice", {}, SUBSCRIBABLE))
    if role.expires and not (b.expires_at and b.expires_at <= now() + timedelta(days=LONGEST_DAYS)):
        found.append(FieldError("/expires_at", "loader_expires", {"days": LONGEST_DAYS}))
    elif kind != "account" and not b.expires_at:
        found.append(FieldError("/expires_at", "system_expires"))
    return found


def _member(role: Role, name: str, value: object, required: bool, optional: bool) -> list[FieldError]:
    label, option = MEMBERS[name]
    params = {"role": role.label, "role_code": role.name, "name": name, "label": label, "option": option}
    if required and not value:
        return [FieldError(f"/{name}", "binding_missing", params)]
    if value is not None and not (required or optional):
        return [FieldError(f"/{name}", "binding_superfluous", params)]
    return []
