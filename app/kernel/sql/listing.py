"""Lists: filters, order, pages. Everything a caller can name comes from the type's declaration; values are bound."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.db.context import GUARD
from app.errors import FieldError, Refusal
from app.kernel.declare.fields import AnyRecord, Choice, Day, Flag, Reference
from app.kernel.declare.lifecycle import VOIDED
from app.kernel.declare.record_type import RecordType
from app.kernel.declare.values import NUMBER, day, is_identifier
from app.kernel.sql.projection import RoleView

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
TOO_MANY = 100


@dataclass(frozen=True)
class Condition:
    """One condition of a list: SQL with `{}` where the bound value goes."""

    sql: str
    value: Any


@dataclass(frozen=True)
class Listing:
    """One page of a list as it is asked for: conditions, order, size, and where it starts."""

    conditions: tuple[Condition, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()  # (column, descending)
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


def bad_query(name: str, code: str, **params: Any) -> Refusal:
    """The refusal (400) of one query parameter. `code` names the sentence; `allowed` lists what may be given."""
    allowed = params.pop("allowed", None)
    return Refusal("bad_query", field_errors=[FieldError(name, code, {"name": name, **params}, allowed)])


@cache
def filter_names(t: RecordType) -> Mapping[str, Any]:
    """The query parameters of a list and the fields they come from."""
    names: dict[str, Any] = {"state": None}
    for f in t.filters:
        if isinstance(f, AnyRecord):
            names |= dict.fromkeys(f.columns, f)
        elif isinstance(f, Reference):
            names[f"{f.name}_id"] = names[f"{f.name}_number"] = f
        elif isinstance(f, Day):
            names[f"{f.name}_from"] = names[f"{f.name}_to"] = f
        else:
            names[f.name] = f
    return names


def listing(view: RoleView, t: RecordType, parameters: Sequence[tuple[str, str]], later: Iterable[str] = ()) -> Listing:
    """Read the query of a list. Refuses with `bad_query` naming the parameter and what is allowed."""
    names = filter_names(t)
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        if name in later:
            raise Refusal("not_available_yet", name=name)
        if name not in names and name not in {"limit", "cursor", "sort", "q"}:
            raise bad_query(name, "unknown_parameter", allowed=[*names, "q", "sort", "limit", "cursor"])
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise bad_query(name, "control_characters")
        given.setdefault(name, []).append(value)
    for name in ("limit", "cursor", "sort", "q"):
        if len(given.get(name, ())) > 1:
            raise bad_query(name, "given_twice")
    conditions = [_condition(view, t, name, f, given[name]) for name, f in names.items() if name in given]
    if "state" not in given:
        conditions.append(Condition(f"t.state <> '{VOIDED}'", None))
    if given.get("q", [""])[0].strip():
        conditions.append(_search(view, t, given["q"][0].strip()))
    return Listing(
        tuple(conditions),
        _sort(t, given.get("sort", [""])[0]),
        page_limit(given.get("limit", [str(DEFAULT_LIMIT)])[0]),
        given.get("cursor", [None])[0],
    )


def page_limit(text: str) -> int:
    """The number of records of a page. Refuses with `bad_query` (400) what is no whole number of 1 to MAX_LIMIT."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_LIMIT):
        raise bad_query("limit", "out_of_range", least=1, most=MAX_LIMIT)
    return int(text)


def _condition(view: RoleView, t: RecordType, name: str, f: Any, values: list[str]) -> Condition:
    """A member that is hidden from the caller matches nothing: a filter must not tell what an answer does not."""
    if len(values) > TOO_MANY:
        raise bad_query(name, "too_many_values", most=TOO_MANY)
    found = _plain_condition(view, t, name, f, values)
    shown = view.shown(t, f.name) if f is not None else ""
    return Condition(f"({found.sql} and {shown})", found.value) if shown else found


def _plain_condition(view: RoleView, t: RecordType, name: str, f: Any, values: list[str]) -> Condition:
    if f is None:
        return Condition("t.state = any({}::text[])", _among(name, values, t.lifecycle.labels))
    if isinstance(f, Choice):
        operator = "&&" if f.many else "= any"
        sql = f"t.{f.name} {operator} {{}}::text[]" if f.many else f"t.{f.name} = any({{}}::text[])"
        return Condition(sql, _among(name, values, f.terms.codes))
    if isinstance(f, Flag):
        return Condition(
            f"t.{f.name} = any({{}}::bool[])", [v == "true" for v in _among(name, values, ("true", "false"))]
        )
    if isinstance(f, Day):
        return _day_condition(name, f, values)
    if isinstance(f, AnyRecord):
        return _record_condition(name, values)
    return _reference_condition(view, name, f, values)


def _among(name: str, values: list[str], allowed: Iterable[str]) -> list[str]:
    if any(v not in allowed for v in values):
        raise bad_query(name, "not_a_choice", allowed=list(allowed))
    return values


def _day_condition(name: str, f: Day, values: list[str]) -> Condition:
    if len(values) > 1:
        raise bad_query(name, "given_twice")
    try:
        day(values[0])
    except ValueError:
        raise bad_query(name, "not_a_day") from None
    return Condition(f"t.{f.name} {'>=' if name.endswith('_from') else '<='} {{}}::text::date", values[0])


def _record_condition(name: str, values: list[str]) -> Condition:
    """What belongs to one of these records. Who does not read one of them sees nothing of what belongs to it."""
    return Condition(f"t.{name} = any({{}}::{_key_type(name, values)}[])", values)


def _key_type(name: str, values: list[str]) -> str:
    """The type of a column of identifiers or numbers, which these values fit."""
    by_id = name.endswith("_id")
    if any(not (is_identifier(v) if by_id else NUMBER.match(v)) for v in values):
        raise bad_query(name, "not_an_identifier" if by_id else "not_a_number")
    return "uuid" if by_id else "text"


def _reference_condition(view: RoleView, name: str, f: Reference, values: list[str]) -> Condition:
    by_id = name.endswith("_id")
    column, kind = f.id_column if by_id else f.number_column, _key_type(name, values)
    target, right = view.target(f)
    wanted = f"{{}}::{kind}[]"
    if not right.sees_every:  # only what exists for the caller can be asked for
        named = "id" if by_id else "number"
        wanted = f"array(select x.{named} from {target.table} x where x.{named} = any({wanted}) and {GUARD})"
    elif len(values) == 1 and not f.many:  # an equality lets the index give the order; `any` reads all and sorts
        return Condition(f"t.{column} = {{}}::{kind}", values[0])
    return Condition(f"t.{column} && {wanted}" if f.many else f"t.{column} = any({wanted})", values)


def _search(view: RoleView, t: RecordType, text: str) -> Condition:
    if len(text) > 100:
        raise bad_query("q", "text_too_long", longest=100, length=len(text))
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    shown = {c: view.shown(t, c) for c in t.searched}
    matches = [f"t.{c} like {{}}" + (f" and {s}" if s else "") for c, s in shown.items() if s != "false"]
    return Condition(f"({' or '.join(matches)})", pattern)


def _sort(t: RecordType, text: str) -> tuple[tuple[str, bool], ...]:
    keys: list[tuple[str, bool]] = []
    for part in text.split(",") if text else ():
        name, descending = part.lstrip("-"), part.startswith("-")
        if name not in t.sorts or part.count("-") > 1 or name in (k for k, _ in keys):
            raise bad_query("sort", "not_a_sort", allowed=list(t.sorts))
        keys.append((name, descending))
    keys = keys or [("created_at", True)]
    return (*keys, ("id", keys[-1][1]))


def parameter_help(t: RecordType) -> Mapping[str, str]:
    """What each query parameter of the list means, for the document."""
    help_text = {"state": "状态：" + "，".join(f"{c} {label}" for c, label in t.lifecycle.labels.items())}
    for name, f in filter_names(t).items():
        if isinstance(f, Reference):
            help_text[name] = f"{f.label}的{'标识' if name.endswith('_id') else '编号'}"
        elif isinstance(f, Day):
            help_text[name] = f"{f.label}{'不早于' if name.endswith('_from') else '不晚于'}（含当日）"
        elif f is not None:
            help_text[name] = f.label
    return help_text
