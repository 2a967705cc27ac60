"""What the document says about the operations of a record type beyond their schemas: meaning, headers, examples."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from app.http.problems import PROBLEM_MEDIA
from app.kernel.declare.fields import Field, Reference
from app.kernel.declare.lifecycle import REASON, Transition
from app.kernel.declare.record_type import RecordType
from app.roles import ROLES


def _header(text: str, example: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}, "example": example}


ETAG = {"ETag": _header("版本号；修改时填入 If-Match", '"1"')}
LOCATION = {"Location": _header("新记录的地址", "/v1/findings/01a20741-9e32-72f5-83b8-6eef4e2aa171")}
REPLAYED = {"Idempotent-Replayed": _header("true：同一请求先前已经办过，这是重发的答复；没有重发时无此项", "true")}
LINK = {"Link": _header('下一页的地址，rel="next"；没有下一页时无此项', '</v1/findings?cursor=…>; rel="next"')}

LIST = "默认不列已作废的，按登记时刻从新到旧。不同条件须同时满足；同一参数写几次，满足其一即可。"
GET = "按标识或编号查看，已作废的也能查到。带 If-None-Match 且没有改动的，答 304。"
CHANGE = (
    "合并补丁（RFC 7396）：只写要改的字段，null 为清空。If-Match 填所依据的版本号。"
    "没有实际改动的，版本不变，不留修订。由操作设定的字段不能在这里改。"
)
PURPOSE = (
    "写明目的，显示加密保存的内容（身份证号）：handling 办理，verification 核实，supervision 监督，correction 更正。"
    "只给对此类记录没有隐去内容的角色；记入访问日志；不带 ETag，不得缓存。"
)
ACTIONS = "列出全部操作和各自要填的内容；现在不能执行的写明原因。"
REVISIONS = "最近的在前：何人、何时、以什么操作、改了哪些字段，来自接口还是哪次导入的哪一行。"
REVISION = "这一版的改动，连同当时的全文。"
DIFF = "由 from 版变为这一版的差异（JSON Patch，RFC 6902）。"
VOID = "唯一的删除方式：记录仍可查阅，退出清单和统计，编号不再使用。还有记录引用它的，先处理那些记录。"
CORRECT = "更正由操作设定的字段，写明理由；状态不变。"


def permitted(doc: str, roles: Iterable[str]) -> str:
    """The description of an operation, followed by the roles that may use it."""
    return f"{doc}（{'、'.join(ROLES[role].label for role in roles)}）"


def creating(t: RecordType) -> str:
    """What creating a record of this type means."""
    number = "编号由系统编定。" if t.numbering.assigned else "编号可以自定，不填则由系统编定；不能更改，也不重复使用。"
    return f"{t.help}登记后的状态为“{t.lifecycle.labels[t.lifecycle.initial]}”。{number}"


def acting(t: RecordType, transition: Transition) -> str:
    """What an action means: its rule, from which states to which, and what must be filled in before."""
    labels = t.lifecycle.labels
    origins = "、".join(f"“{labels[o]}”" for o in transition.origins)
    states = [labels[state] for state in t.lifecycle.leads_to(transition)]
    to = f"转为“{'”或者“'.join(states)}”" if states else "，状态不变"
    needs = "、".join(t.field(name).label for name in transition.needs)
    return f"{transition.help}由{origins}{to}。" + (f"须先填写{needs}。" if needs else "")


def _samples(fields: Iterable[Field]) -> dict[str, Any]:
    found = {}
    for f in fields:
        if f.sample is not None:
            found[f.number_column if isinstance(f, Reference) else f.name] = f.sample
    return found


def create_examples(t: RecordType) -> dict[str, Any]:
    """The examples of a create body, as the type declares them."""
    return {name: {"summary": name, "value": dict(value)} for name, value in t.examples.items()}


def change_examples(t: RecordType) -> dict[str, Any]:
    """Two patches: one sets a field, one clears a field."""
    whole = dict(next(iter(t.examples.values())))
    own = [f.name for f in t.fields if not isinstance(f, Reference) and f.writable and f.name in whole]
    changed = {name: whole[name] for name in own[-1:]} or {"note": "已与原件核对"}
    return {
        "改一项": {"summary": "改一项", "value": changed},
        "清空备注": {"summary": "清空备注", "value": {"note": None}},
    }


def action_examples(t: RecordType, action: str) -> dict[str, Any]:
    """An example of an action's body, from the samples of its fields."""
    if action in ("void", "correct"):
        mended = [
            f for f in t.fields if f.set_by and f.corrected and f.sample is not None and not isinstance(f, Reference)
        ]
        fields, label = (REASON, *(mended[:1] if action == "correct" else ())), "作废" if action == "void" else "更正"
    else:
        transition = t.lifecycle.transition(action)
        fields, label = transition.body, transition.label
    return {label: {"summary": label, "value": _samples(fields)}}


REFUSAL_TEXTS = {
    400: "请求不可解析，或查询参数有误",
    401: "未登录",
    403: "无权",
    404: "没有找到",
    409: "与当前状态或现有记录冲突",
    410: "已按保存期限清除",
    412: "记录已被他人改动",
    413: "内容过大",
    415: "内容类型不对",
    422: "填写有误",
    428: "缺少 If-Match",
    429: "请求过于频繁",
    503: "服务正忙",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route documents; every route that takes a token may answer 401, 429 and 503."""
    content = {PROBLEM_MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {s: {"description": REFUSAL_TEXTS[s], "content": content} for s in (*statuses, 401, 429, 503)}


def body_of(model: type[BaseModel], media: str, **examples: Any) -> dict[str, Any]:
    """What the document says of a body that the route reads itself."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if examples:
        content["examples"] = {name: {"summary": name, "value": value} for name, value in examples.items()}
    return {"requestBody": {"required": True, "content": {media: content}}}
