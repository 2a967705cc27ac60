"""Bodies made from the declarations: every member filled, and another valid value for each."""

from typing import Any

from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.support.records import LAID_DOWN, Maker

TYPES = [t.path for t in REGISTRY]
OF_CLUES = ("letters", "clue")  # which another kind of letter has
OWN = ("rectification-reports", "unit")  # who writes them belongs to one
COUPLED = ("subject_kind", "mode", "person", "unit")  # of a type with a subject these follow one another


async def full(make: Maker, t: RecordType) -> dict[str, Any]:
    """A body with every member that a create body may hold, references by number."""
    body = await make.body(t)
    for f in t.fields:
        if f.writable and not any(c in body for c in f.columns) and not _coupled(t, f):
            body |= await filled(make, t, f)
    return {**body, "note": "备注一"}


async def other(make: Maker, t: RecordType, old: dict[str, Any]) -> dict[str, Any]:
    """A patch that gives every member another valid value."""
    patch: dict[str, Any] = {"note": "备注二"}
    for f in t.fields:
        if f.writable and not f.fixed and not _coupled(t, f) and not isinstance(f, kinds.Sealed):
            patch |= await _changed(make, t, f, old)
    return patch


def answered(t: RecordType, body: dict[str, Any]) -> dict[str, Any]:
    """What an answer shows of a body: all of it, save what is sealed."""
    sealed = {f.name for f in t.of_kind(kinds.Sealed)}
    return {k: None if k in sealed else v for k, v in body.items()}


def members(t: RecordType) -> list[str]:
    """The members of the answer that come from the fields."""
    return [name for f in t.fields for name in ((f.name,) if isinstance(f, kinds.Sealed) else f.columns)]


async def filled(make: Maker, t: RecordType, f: kinds.Field) -> dict[str, Any]:
    """A member and a valid value."""
    if isinstance(f, kinds.Reference):
        one = (await make.fit(t, f))["number"]
        return {f.number_column: [one] if f.many else one}
    return await make.given(t, f)


def _coupled(t: RecordType, f: kinds.Field) -> bool:
    return (
        (t.path, f.name) in (OF_CLUES, OWN)
        or ("subject_kind" in t.columns and f.name in COUPLED)
        or f.name == "sealed_count"
    )  # of a slip, without clues


async def _changed(make: Maker, t: RecordType, f: kinds.Field, old: dict[str, Any]) -> dict[str, Any]:
    if isinstance(f, kinds.Reference):
        number = (await make.fit_new(t, f))["number"]
        return {f.number_column: [number] if f.many else number}
    was = old[f.name]
    if isinstance(f, kinds.Text) and f.form is not None:
        return {f.name: None}
    if isinstance(f, kinds.Choice):
        code = next(c for c in f.terms.codes if c not in (was or ()))
        return {f.name: [code] if f.many else next(c for c in f.terms.codes if c != was)}
    if isinstance(f, kinds.Entries):
        return await make.given(t, f)
    if f.name in LAID_DOWN:
        return {f.name: LAID_DOWN[f.name][1]}
    values: dict[Any, Any] = {
        kinds.Text: "改后的文字", kinds.Whole: _next(f, was),
        kinds.Flag: not was, kinds.Day: "2017-05-15",
        kinds.Lines: ["改后的一条", "又一条"], kinds.Quantity: {"value": 4, "qualifier": "at_least"},
    }  # fmt: skip
    return {f.name: values[type(f)]}


def _next(f: kinds.Field, was: Any) -> Any:
    if not isinstance(f, kinds.Whole):
        return None
    now = f.least if was is None else was
    return now + 1 if now < f.most else now - 1  # the hundredth round of a year is refused
