"""The values of fields: what is accepted, and the stored form it is kept in.

Every check here has a code of our own, so that no sentence of a library can reach a clerk.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import singledispatch
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from app.kernel.declare import fields as kinds

NUMBER = re.compile(r"(?=.*\d)[0-9A-Z][0-9A-Za-z-]{2,63}\Z")
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
UUID_TEXT = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # the stored form, which needs no parsing
LIST_LIMIT = 500
_LONG_NUMBER = re.compile(r"\d{15,}[Xx]?")


def without_numbers(text: str) -> str:
    """What a caller has named (a member, a heading, a file), without what could be the identity number of a person."""
    return _LONG_NUMBER.sub("…", text)


def clean_text(longest: int) -> Any:
    """Text without outer spaces and control characters; not empty."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise PydanticCustomError("not_text", "not_text")
        text = value.strip()
        if not text:
            raise PydanticCustomError("empty_text", "empty_text")
        if len(text) > longest:
            raise PydanticCustomError("text_too_long", "text_too_long", {"longest": longest, "length": len(text)})
        if not text.isprintable() and CONTROL.search(text):  # the first looks twice as fast
            raise PydanticCustomError("control_characters", "control_characters")
        return text

    return Annotated[
        str, PlainValidator(check), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": longest})
    ]


def day(value: Any) -> str:
    """A day as ISO text."""
    if isinstance(value, str) and DAY.fullmatch(value):  # fromisoformat also takes weeks
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise PydanticCustomError("not_a_day", "not_a_day")


def _identifier(value: Any) -> str:
    try:
        if isinstance(value, str) and len(value) == 36:
            return value if UUID_TEXT.fullmatch(value) else str(UUID(value))
    except ValueError:
        pass
    raise PydanticCustomError("not_an_identifier", "not_an_identifier")


def is_identifier(key: str) -> bool:
    """Whether a path segment is a record's identifier (a UUID in any spelling) rather than its number."""
    if len(key) != 36 or UUID_TEXT.fullmatch(key):
        return len(key) == 36
    try:
        UUID(key)
    except ValueError:
        return False
    return True


def _number(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not NUMBER.match(text):
        raise PydanticCustomError("not_a_number", "not_a_number")
    return text


def _jurisdiction(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch("[1-9][0-9]{5}", value):
        return value
    raise PydanticCustomError("not_a_jurisdiction", "not_a_jurisdiction")


NUMBER_TEXT = {"type": "string", "minLength": 3, "maxLength": 64, "pattern": "^[0-9A-Z][0-9A-Za-z-]{2,63}$"}
DayText = Annotated[str, PlainValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
Identifier = Annotated[str, PlainValidator(_identifier), WithJsonSchema({"type": "string", "format": "uuid"})]
Number = Annotated[str, PlainValidator(_number), WithJsonSchema(NUMBER_TEXT)]
JurisdictionCode = Annotated[
    str, PlainValidator(_jurisdiction), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{5}$"})
]


class Count(BaseModel):
    """人数或户数：确数、余数或约数。"""

    model_config = ConfigDict(extra="forbid")
    value: Annotated[StrictInt, Field(ge=0, le=100_000_000, description="数值", examples=[300])]
    qualifier: Annotated[
        str,
        PlainValidator(lambda v: _one_of(v, ("exact", "at_least", "about"))),
        WithJsonSchema({"type": "string", "enum": ["exact", "at_least", "about"]}),
        Field(description="exact 确数，at_least 余（300余），about 约", examples=["exact"]),
    ]


def _one_of(value: Any, codes: Iterable[str], refused: Mapping[str, str] | None = None) -> str:
    codes = tuple(codes)
    if isinstance(value, str) and value in codes:
        return value
    if isinstance(value, str) and value in (refused or {}):
        code = (refused or {})[value]
        raise PydanticCustomError(code, code)
    raise PydanticCustomError("not_a_choice", "not_a_choice", {"allowed": codes})


@singledispatch
def annotation(f: kinds.Field) -> Any:
    """The pydantic type of a field's value."""
    raise NotImplementedError(type(f).__name__)


@annotation.register
def _(f: kinds.Text) -> Any:
    if f.form is None:
        return clean_text(f.longest)
    form = f.form

    def check(text: str) -> str:
        try:
            return form(text)
        except ValueError as problem:
            raise PydanticCustomError(str(problem), str(problem)) from None

    return Annotated[clean_text(f.longest), AfterValidator(check)]


@annotation.register
def _(f: kinds.Whole) -> Any:
    return Annotated[StrictInt, Field(ge=f.least, le=f.most)]


@annotation.register
def _(f: kinds.Flag) -> Any:
    return StrictBool


@annotation.register
def _(f: kinds.Day) -> Any:
    return DayText


@annotation.register
def _(f: kinds.Choice) -> Any:
    codes = f.terms.codes
    one = Annotated[
        str,
        PlainValidator(lambda v: _one_of(v, codes, f.terms.refused)),
        WithJsonSchema({"type": "string", "enum": list(codes)}),
    ]
    return Annotated[list[one], Field(max_length=len(codes))] if f.many else one


@annotation.register
def _(f: kinds.Lines) -> Any:
    least = 1 if f.required else 0  # a rule that asks for measures is not met by an empty list
    return Annotated[list[clean_text(f.longest)], Field(min_length=least, max_length=LIST_LIMIT)]  # type: ignore[misc]  # built at run time


@annotation.register
def _(f: kinds.Quantity) -> Any:
    return Count


@annotation.register
def _(f: kinds.Entries) -> Any:
    return Annotated[list[_entry_model(f)], Field(min_length=1 if f.required else None, max_length=LIST_LIMIT)]  # type: ignore[misc]  # built at run time


_ENTRY_MODELS: dict[tuple[str, ...], type[BaseModel]] = {}  # one for the bodies of create, change and actions


def _entry_model(f: kinds.Entries) -> type[BaseModel]:
    """The schema of one entry. The record that it names is asked for where references are looked up."""
    if found := _ENTRY_MODELS.get(key := (f.entry, *f.labels)):
        return found
    members: dict[str, Any] = {}
    if f.names:
        text = f"{f.names.label}的{{}}（编号与标识填一项）"
        for name, kind, word in ((f.names.number_column, Number, "编号"), (f.names.id_column, Identifier, "标识")):
            samples = [f.names.sample] if kind is Number and f.names.sample else None
            members[name] = (kind | None, Field(None, description=text.format(word), examples=samples))
    for m in f.of:
        info: dict[str, Any] = {"description": f"{m.label}。{m.help}" if m.help else m.label}
        info["examples"] = [m.sample] if m.sample is not None else None
        members[m.name] = (annotation(m), Field(**info)) if m.required else (annotation(m) | None, Field(None, **info))
    doc = f"{f.label}的一项。"
    _ENTRY_MODELS[key] = made = create_model(f.entry, __config__=ConfigDict(extra="forbid"), __doc__=doc, **members)
    return made
