"""What the routes of accounts, clients and API keys take."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.accounts.binding import LONGEST_DAYS, SUBSCRIBABLE
from app.clock import now
from app.errors import FieldError, invalid
from app.kernel.declare.values import clean_text
from app.kernel.schema.validation import validated
from app.roles import GRANTS, ROLES, Role

WEEK = 7 * 24 * 60


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("not_text", "not_text")
    return value


RoleName = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string", "enum": list(ROLES)})]
Division = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string", "pattern": "^[0-9]{0,6}$"})]
Moment = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string", "format": "date-time"})]
NewPassword = Annotated[
    str, PlainValidator(_text), WithJsonSchema({"type": "string", "minLength": 10, "maxLength": 200})
]
if TYPE_CHECKING:
    Number: TypeAlias = str
    Label: TypeAlias = str
else:
    Number, Label = clean_text(64), clean_text(100)


def _labels(meant: Callable[[Role], bool]) -> str:
    return "、".join(role.label for role in ROLES.values() if meant(role))


ROLE_HELP = "角色：" + "，".join(f"{role.name} {role.label}" for role in ROLES.values())
BY_PREFIX = _labels(lambda role: role.by_prefix)
UNIT_REQUIRED = _labels(lambda role: role.unit == "required")
UNIT_OPTIONAL = _labels(lambda role: role.unit == "optional")
OF_A_TEAM = _labels(lambda role: role.team)
SUBSCRIBERS = _labels(lambda role: role.subscribes)
TEMPORARY = _labels(lambda role: role.expires)

ROLE: Any = Field(description=ROLE_HELP, examples=["inspection_office"])
JURISDICTION: Any = Field(description=f"区划代码，六位；{BY_PREFIX}可填前几位，空为全部", examples=["431382"])
UNIT: Any = Field(description=f"所属单位的编号：{UNIT_REQUIRED}必填，{UNIT_OPTIONAL}可填")
TEAM: Any = Field(description=f"所属巡察组的编号：{OF_A_TEAM}必填")
HOME: Any = Field(
    description="本人所在单位的编号，只有人员账号可填；与线索所反映的单位有上下级、合并关系的，看不到该线索。不填为所属单位"
)
GRANTED: Any = Field(
    description="专项授权，限所属单位为纪检机关的人员账号：" + "，".join(f"{g} {label}" for g, label in GRANTS.items())
)
TYPES: Any = Field(description=f"订阅的记录类型，{SUBSCRIBERS}可填；不填则什么也查不到：" + "、".join(SUBSCRIBABLE))
EXPIRES: Any = Field(
    description=f"到期时刻，带时区；客户端和接口密钥必填；{TEMPORARY}必填，{LONGEST_DAYS} 天以内",
    examples=["2027-01-31T18:00:00+08:00"],
)
LABEL: Any = Field(description="名称，说明归谁、做什么用", examples=["市大数据局数据共享平台"])


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Bound(_Given):
    role: Annotated[RoleName, ROLE]
    jurisdiction: Annotated[Division, JURISDICTION]
    unit_number: Annotated[Number | None, UNIT] = None
    team_number: Annotated[Number | None, TEAM] = None
    types: Annotated[list[Number] | None, TYPES] = None
    expires_at: Annotated[Moment | None, EXPIRES] = None


class AccountCreate(_Bound):
    """开立账号。"""

    home_unit_number: Annotated[Number | None, HOME] = None
    grants: Annotated[list[Number] | None, GRANTED] = None

    username: Annotated[str, PlainValidator(_text), Field(description="用户名", examples=["office"])]
    password: Annotated[
        NewPassword, Field(description="密码，至少 10 个字符，不易猜到", examples=["杨柳依依-雨雪霏霏-载渴"])
    ]


class ClientCreate(_Bound):
    """登记客户端：以 client_credentials 取令牌的系统。"""

    expires_at: Annotated[Moment, EXPIRES]
    label: Annotated[Label, LABEL]


class ApiKeyCreate(_Bound):
    """发放接口密钥。"""

    expires_at: Annotated[Moment, EXPIRES]
    label: Annotated[Label, LABEL]


class _Change(_Given):
    # Without a default of their own in the document: what is not given stays, and '' is no role.
    role: Annotated[RoleName, ROLE] = Field(default_factory=str)
    jurisdiction: Annotated[Division, JURISDICTION] = Field(default_factory=str)
    unit_number: Annotated[Number | None, UNIT] = None
    team_number: Annotated[Number | None, TEAM] = None
    types: Annotated[list[Number] | None, TYPES] = None
    expires_at: Annotated[Moment | None, EXPIRES] = None
    disabled: Annotated[StrictBool, Field(description="true 停用，即刻生效；false 启用，须重新登录")] = Field(
        default_factory=bool
    )


class AccountChange(_Change):
    """改动账号：只写要改的字段，null 为清空。"""

    home_unit_number: Annotated[Number | None, HOME] = None
    grants: Annotated[list[Number] | None, GRANTED] = None


class SystemChange(_Change):
    """改动客户端或接口密钥：只写要改的字段，null 为清空。"""

    label: Annotated[Label | None, LABEL] = None


class PasswordSet(_Given):
    """另设密码。"""

    password: Annotated[
        NewPassword, Field(description="新密码，至少 10 个字符，不易猜到", examples=["昔我往矣-杨柳依依-行道"])
    ]


class Rotation(_Given):
    """换新密钥。"""

    overlap_minutes: Annotated[
        StrictInt,
        Field(ge=0, le=WEEK, description="旧密钥还能用多少分钟；0 为即刻作废，已发的令牌也作废", examples=[60]),
    ] = 60


class OwnPassword(_Given):
    """修改本人密码。"""

    current_password: Annotated[str, PlainValidator(_text), Field(description="原密码")]
    new_password: Annotated[
        NewPassword, Field(description="新密码，至少 10 个字符，不易猜到", examples=["杨柳依依-雨雪霏霏-载渴"])
    ]


class Nothing(_Given):
    """空的正文。"""


BODIES = (
    AccountCreate,
    ClientCreate,
    ApiKeyCreate,
    AccountChange,
    SystemChange,
    PasswordSet,
    OwnPassword,
    Rotation,
    Nothing,
)


def given(model: type[BaseModel], body: Any) -> dict[str, Any]:
    """The fields of a body as the register takes them. Refuses with `validation_failed`."""
    values = validated(model, body)
    if "grants" in values:
        values["grants"] = sorted(set(values["grants"] or ()))
    if isinstance(text := values.get("expires_at"), str):
        values["expires_at"] = moment(text)
    return values


def moment(text: str) -> datetime:
    """A moment in the future, from a text with a time zone. Refuses with `validation_failed`."""
    try:
        found = datetime.fromisoformat(text)
        if len(text) >= len("2027-01-31T18:00Z") and found.tzinfo and found > now():
            return found
    except (ValueError, OverflowError):
        pass
    raise invalid(FieldError("/expires_at", "not_a_moment_to_come"))
