"""The schemas of requests and answers of a record type, made from its fields.

A validated body is a dictionary in stored form (days and identifiers are text), so that what a clerk sends, what a
ledger holds and what the table stores are compared as they are.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, WithJsonSchema, create_model, with_config
from typing_extensions import TypedDict

from app.kernel.declare import fields as kinds
from app.kernel.declare.lifecycle import REASON, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import LIST_LIMIT, Identifier, JurisdictionCode, Number, annotation


def describe(f: kinds.Field) -> str:
    """Label, vocabulary, unit and help of a field, as Swagger UI shows them."""
    text = f.label
    if isinstance(f, kinds.Choice):
        text += "：" + "，".join(f"{code} {f.terms.label(code)}" for code in f.terms.codes)
    if isinstance(f, kinds.Whole) and f.money:
        text += "（单位：分）"
    return f"{text}。{f.help}" if f.help else text


def members(f: kinds.Field, optional: bool) -> dict[str, tuple[Any, Any]]:
    """The members of a body that hold a field: name -> (type, pydantic's field). `optional` leaves none required."""
    text, samples = describe(f), [f.sample] if f.sample is not None else None
    if isinstance(f, kinds.Reference):
        must, most = "必填，" if f.required and not optional else "", LIST_LIMIT if f.many else None
        rest = f"（{must}填编号或标识）" + f"。{f.help}".rstrip("。")
        limit = Field(None, description=f"{f.label}的编号{rest}", examples=samples, max_length=most)
        ids = Field(None, description=f"{f.label}的标识{rest}", max_length=most)
        one, other = (list[Identifier], list[Number]) if f.many else (Identifier, Number)
        return {f.number_column: (other | None, limit), f.id_column: (one | None, ids)}
    if isinstance(f, kinds.AnyRecord):
        (record_id, number), rest = f.columns, "（编号和标识填一项）。" + f.help
        return {
            number: (Number | None, Field(None, description=f"{f.label}的编号{rest}", examples=samples)),
            record_id: (Identifier | None, Field(None, description=f"{f.label}的标识{rest}")),
        }
    kind = annotation(f)
    if optional or not f.required:
        return {f.name: (kind | None, Field(None, description=text, examples=samples))}
    return {f.name: (kind, Field(..., description=text, examples=samples))}


NOTE = kinds.Text("note", "备注", longest=2000)


def body_model(name: str, doc: str, parts: Iterable[dict[str, tuple[Any, Any]]]) -> type[BaseModel]:
    """A schema made of members. It refuses any other."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= part
    made: type[BaseModel] = create_model(name, __config__=ConfigDict(extra="forbid"), __doc__=doc, **merged)
    return made


def _answered(f: kinds.Field) -> dict[str, tuple[Any, Any]]:
    """The members of an answer that hold a field: always given, null where the field is empty."""
    found = {}
    for name, (kind, info) in members(f, True).items():
        text = info.description
        if isinstance(f, kinds.Reference):
            text = f"{f.label}的{'编号' if name == f.number_column else '标识'}" + (f"。{f.help}" if f.help else "")
        found[name] = (kind, Field(..., description=text, examples=info.examples))
    return found


def _number_sample(t: RecordType) -> str:
    if t.numbering.formula:
        return "431382-2017-01"
    series = "431382-" if t.numbering.within == "jurisdiction" else "431382-2017-01-"
    joint = "" if t.numbering.within == "jurisdiction" else "-"
    return f"{series}{t.numbering.letter}{joint}{1:0{t.numbering.digits}}"


def _title(t: RecordType) -> str:
    return "".join(word.capitalize() for word in t.name.split("_"))


def _read(t: RecordType) -> type[BaseModel]:
    moment = {"type": "string", "format": "date-time"}
    head: dict[str, tuple[Any, Any]] = {
        "id": (Identifier, Field(..., description="标识（UUIDv7）", examples=["01a20741-9e32-72f5-83b8-6eef4e2aa171"])),
        "number": (str, Field(..., description="编号", examples=[_number_sample(t)])),
        "version": (int, Field(..., description="版本号，从 1 起；也是 ETag", examples=[1])),
        "state": (
            Annotated[str, WithJsonSchema({"type": "string", "enum": list(t.lifecycle.labels)})],
            Field(..., description="状态：" + "，".join(f"{c} {label}" for c, label in t.lifecycle.labels.items())),
        ),
        "jurisdiction": (str, Field(..., description="台账所属行政区划代码（六位）", examples=["431382"])),
    }
    tail: dict[str, tuple[Any, Any]] = {
        "note": (str | None, Field(..., description="备注")),
        "created_at": (Annotated[str, WithJsonSchema(moment)], Field(..., description="创建时刻")),
        "created_by": (str | None, Field(..., description="创建人；不便告知的为 null")),
        "created_by_role": (str | None, Field(..., description="创建人当时的角色")),
        "updated_at": (Annotated[str, WithJsonSchema(moment)], Field(..., description="最近修改时刻")),
        "updated_by": (str | None, Field(..., description="最近修改人；不便告知的为 null")),
        "updated_by_role": (str | None, Field(..., description="最近修改人当时的角色")),
        "available_actions": (
            list[str],
            Field(..., description="当前可执行的操作", examples=[[*t.lifecycle.actions_from(t.lifecycle.initial)]]),
        ),
        "masked": (list[str], Field(..., description="对当前账号隐去的字段", examples=[[]])),
        "imported": (bool, Field(False, description="是否由旧台账导入；不是则无此项")),
    }
    return body_model(f"{_title(t)}", t.help, (head, *(_answered(f) for f in t.fields), tail))


def _action_body(t: RecordType, transition: Transition) -> type[BaseModel]:
    parts = [members(f, False) for f in transition.body]
    return body_model(f"{_title(t)}{_camel(transition.action)}", transition.help or transition.label, parts)


def _camel(action: str) -> str:
    return "".join(word.capitalize() for word in action.split("_"))


def _rows(cells: Iterable[dict[str, tuple[Any, Any]]]) -> TypeAdapter[dict[str, list[Any]]]:
    given = {member: list[kind] for part in cells for member, (kind, _) in part.items()}  # type: ignore[valid-type]
    made = TypedDict("Rows", given, total=False)  # type: ignore[misc]  # its members are known at run time only
    checked: Any = with_config(ConfigDict(extra="forbid"))(made)
    return TypeAdapter(checked)


class Actions(dict[str, type[BaseModel]]):
    """The body of each action of a type, and of `void` and `correct`. Each is made when it is first asked for."""

    def __init__(self, t: RecordType) -> None:
        self._t = t

    def __missing__(self, action: str) -> type[BaseModel]:
        t = self._t
        if action == "void":
            made = body_model(f"{_title(t)}Void", "作废：记录仍可查阅，退出清单和统计。", [members(REASON, False)])
        elif action == "correct":
            corrected = [members(f, True) for f in t.fields if f.set_by and f.corrected]
            text = "更正由操作设定的字段，写明理由。"
            made = body_model(f"{_title(t)}Correct", text, [members(REASON, False), *corrected])
        else:
            made = _action_body(t, t.lifecycle.transition(action))
        self[action] = made
        return made


class Schemas:
    """The models of one type: the bodies of create, change and each action, the answer, and the values of a ledger row.

    Each is made when it is first asked for, which takes some milliseconds. To make all of them took a third of the time
    in which the service starts, and many are needed for the OpenAPI document only.
    """

    def __init__(self, t: RecordType) -> None:
        self._t = t
        self._given = [f for f in t.fields if f.writable]
        self.actions = Actions(t)

    @cached_property
    def create(self) -> type[BaseModel]:
        """The body that creates a record."""
        t = self._t
        number: dict[str, tuple[Any, Any]] = {}
        if not t.numbering.assigned:
            number = {"number": (Number | None, Field(None, description="编号；不填则由系统编号"))}
        code: dict[str, tuple[Any, Any]] = {
            "jurisdiction": (JurisdictionCode | None, Field(None, description="行政区划代码；账号只属一个区划时不填"))
        }
        parts = (number, *(members(f, False) for f in self._given), members(NOTE, True), code)
        return body_model(f"{_title(t)}Create", t.help, parts)

    @cached_property
    def change(self) -> type[BaseModel]:
        """The body of a change: a merge patch."""
        parts = (*(members(f, True) for f in self._given if not f.fixed), members(NOTE, True))
        return body_model(f"{_title(self._t)}Change", self._t.help, parts)

    @cached_property
    def read(self) -> type[BaseModel]:
        """The answer: the document of a record."""
        return _read(self._t)

    @cached_property
    def ledger(self) -> type[BaseModel]:
        """The values of one row of a ledger."""
        return body_model(f"{_title(self._t)}LedgerRow", self._t.help, self._cells())

    @cached_property
    def rows(self) -> TypeAdapter[dict[str, list[Any]]]:
        """Checks many rows as `ledger` checks one: member -> the values of all rows. It names no row that is wrong."""
        return _rows(self._cells())

    def _cells(self) -> tuple[dict[str, tuple[Any, Any]], ...]:
        plain = (f for f in self._t.fields if f.copied is None and f.in_ledger)
        own = (f for f in plain if not isinstance(f, kinds.Reference))
        return *(members(f, True) for f in own), members(NOTE, True)
