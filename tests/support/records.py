"""Makes valid records of any type, with everything they refer to, from the declarations themselves."""

import itertools
from functools import singledispatchmethod
from typing import Any

from app.kernel import fields as kinds
from app.kernel.record_type import RecordType
from app.records import REGISTRY
from tests.support.callers import Api

# Years of rounds: each test takes a fresh pair of year and sequence.
_rounds = itertools.count()
_words = itertools.count(1)


class Maker:
    """Makes records in the jurisdiction of one caller. What it makes for one round is made once and used again."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.made: dict[str, Any] = {"units": api.unit} if api.unit else {}

    async def __call__(self, path: str, **given: Any) -> Any:
        """A new record of this type."""
        body = await self.body(REGISTRY.by_path[path], **given)
        return await self.api.write(f"/v1/{path}", body)

    async def body(self, t: RecordType, **given: Any) -> dict[str, Any]:
        """A body that the service accepts: every required member, and what is given."""
        body = {}
        for f in t.fields:
            if not f.required or not f.writable or any(c in given for c in f.columns):
                continue
            if isinstance(f, kinds.Reference):
                one = (await self.shared(f.to))["number"]
                body[f.number_column] = [one] if f.many else one
            else:
                body[f.name] = self.value(f)
        body |= _subject(t, {**body, **given}, await self._subject_numbers(t, {**body, **given}))
        return {**body, **given}

    async def _subject_numbers(self, t: RecordType, body: dict[str, Any]) -> dict[str, str]:
        if "subject_kind" not in t.columns or any(
            k in body for k in ("unit_number", "unit_id", "person_number", "person_id")
        ):
            return {}
        kind = body.get("subject_kind")
        return {f"{kind}_number": (await self.shared("units" if kind == "unit" else "persons"))["number"]}

    async def shared(self, path: str) -> Any:
        """One record of this type, made on first use."""
        if path not in self.made:
            given = {"phase": "feedback"} if path == "finding-categories" else {}
            self.made[path] = await self(path, **given)
        return self.made[path]

    def fresh(self) -> "Maker":
        """A maker with a new round, and new everything under it; units and persons stay."""
        other = Maker(self.api)
        other.made = {p: self.made[p] for p in ("units", "persons") if p in self.made}
        return other

    @singledispatchmethod
    def value(self, f: Any) -> Any:
        """A valid value of a field."""
        raise NotImplementedError(f)

    @value.register
    def _(self, f: kinds.Text) -> Any:
        return f"{f.label}{next(_words)}" if f.form is None else f.sample

    @value.register
    def _(self, f: kinds.Whole) -> Any:
        if f.name in ("year", "sequence"):
            n = next(_rounds) if f.name == "year" else self._round
            self._round = n
            return 1990 + n // 99 % 111 if f.name == "year" else 1 + n % 99
        return f.least

    @value.register
    def _(self, f: kinds.Day) -> Any:
        return "2017-05-14"

    @value.register
    def _(self, f: kinds.Choice) -> Any:
        code = f.sample if isinstance(f.sample, str) and f.sample in f.terms.codes else f.terms.codes[0]
        return [code] if f.many else code

    @value.register
    def _(self, f: kinds.Flag) -> Any:
        return False

    @value.register
    def _(self, f: kinds.Lines) -> Any:
        return [f"{f.label}{next(_words)}"]

    @value.register
    def _(self, f: kinds.Quantity) -> Any:
        return {"value": 3, "qualifier": "exact"}

    @value.register
    def _(self, f: kinds.Absentees) -> Any:
        return [{"name": "班子成员05", "post": "副主任", "reason": "因公出差"}]


def _subject(t: RecordType, body: dict[str, Any], numbers: dict[str, str]) -> dict[str, Any]:
    """What fits the subject: an accountability mode of units or of persons."""
    if t.path == "accountability-decisions" and "mode" in body:
        fits = {"unit": "unit_review", "person": "admonition"}[body["subject_kind"]]
        return {**numbers, "mode": fits}
    return numbers
