"""Makes valid records of any type, with everything they refer to, from the declarations themselves."""

import itertools
from functools import singledispatchmethod
from typing import Any

from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.support.callers import SUPERVISION, UNIT, Api, keepers

# Years of rounds: each test takes a fresh pair of year and sequence.
_rounds = itertools.count()
_words = itertools.count(1)
LAID_DOWN = {"grade": ("好", "较好"), "account": ("admin", "admin")}  # texts that are not free: one, and another
# Of one matter each step of a letter is sent once; a report is submitted with items.
ASKED_LATER = (("letters", "matter"), ("rectification-reports", "items"))
TRANSFERRED = ("clue-transfers", "clue")  # what a transfer lists, unless it is a slip


class Maker:
    """Makes records in the jurisdiction of one caller. What it makes for one round is made once and used again.

    The unit and the person to refer to are one for all makers of a caller: a third of what tests wrote was such a pair,
    and what lets the office know of the person. A test that changes them gives a `register` of its own.
    """

    def __init__(self, api: Api, register: dict[str, Any] | None = None) -> None:
        self.api = api
        self.register = api.register if register is None else register
        self.made: dict[str, Any] = {}

    async def __call__(self, path: str, **given: Any) -> Any:
        """A new record of this type."""
        body = await self.body(REGISTRY.by_path[path], **given)
        record = await self.api.write(f"/v1/{path}", body)
        if path == "persons":
            await self._known(record)
        return record

    async def _known(self, person: Any) -> None:
        """Lets the office know of a person: it meets one only through a record that it may read, voided ones too."""
        talk = await self("admonishments", subject_kind="person", person_number=person["number"])
        answer = await self.api.act(talk, "admonishments", "void", reason="另行安排")
        assert answer.status_code == 200, answer.text

    async def body(self, t: RecordType, **given: Any) -> dict[str, Any]:
        """A body that the service accepts: every required member, and what is given."""
        body = {}
        for f in t.fields:
            needed = f.required or ((t.path, f.name) == TRANSFERRED and "sealed_count" not in given)
            needed = needed or (t.path, f.name) in ASKED_LATER
            if not needed or not f.writable or any(c in given for c in f.columns):
                continue
            if isinstance(f, kinds.Reference):
                one = (await self.fit(t, f))["number"]
                body[f.number_column] = [one] if f.many else one
            else:
                body |= await self.given(t, f)
        body |= _subject(t, {**body, **given}, await self._subject_numbers(t, {**body, **given}))
        if t.path == "letters" and ("clue_number" in given or "clue_id" in given):
            body["kind"] = "clue_urging"
        return {**body, **given}

    async def given(self, t: RecordType, f: kinds.Field) -> dict[str, Any]:
        """A member and a valid value, which is no reference. Each entry names what it is about."""
        if isinstance(f, kinds.AnyRecord):
            return {f.columns[1]: (await self.shared("findings"))["number"]}
        value = self.value(f)
        for entry in value if isinstance(f, kinds.Entries) and f.names else ():
            record = await self.fit(t, f.names)
            entry |= {f.names.number_column: record["number"], f.names.id_column: record["id"]}
        return {f.name: value}

    async def _subject_numbers(self, t: RecordType, body: dict[str, Any]) -> dict[str, str]:
        if "subject_kind" not in t.columns or any(
            k in body for k in ("unit_number", "unit_id", "person_number", "person_id")
        ):
            return {}
        kind = body.get("subject_kind")
        return {f"{kind}_number": (await self.shared("units" if kind == "unit" else "persons"))["number"]}

    async def fit(self, t: RecordType, f: kinds.Reference) -> Any:
        """What a new record of this type refers to: shared where it can be, and seen by whoever writes the record."""
        if (f.to == "findings" and _by_supervision(t)) or (
            f.to == "clues" and (_by_supervision(t) or t.path == "clue-transfers")
        ):
            return await self.fit_new(t, f)  # a clue is transferred once
        if keepers("POST", f"/v1/{t.path}") == (UNIT,):
            return await self._of_unit(f)
        if self.api.unit and (t.path, f.name) == ("clue-transfers", "to_unit"):
            return self.api.unit
        return await self.shared(f.to)

    async def _of_unit(self, f: kinds.Reference) -> Any:
        """What a unit refers to in its report: itself, the round that has entered it, its opinion that was fed back."""
        if f.to == "units":
            return self.api.reporting
        if "of unit" not in self.made:
            own = {"unit_number": self.api.reporting["number"]}
            for path, action in (("targets", "enter"), ("findings", "feed_back")):
                record = await self(path, **own)
                answer = await self.api.act(record, path, action, on="2017-06-09")
                assert answer.status_code == 200, answer.text
            finding = {"finding_number": record["number"]}
            self.made["of unit"] = await self("rectification-opinions", **own, **finding)
        return self.made["of unit"] if f.to == "rectification-opinions" else await self.shared(f.to)

    async def fit_new(self, t: RecordType, f: kinds.Reference) -> Any:
        """A new record to which records of this type can refer."""
        if keepers("POST", f"/v1/{t.path}") == (UNIT,):
            return await self.fresh()._of_unit(f)
        record = await self(f.to)
        if f.to == "findings" and _by_supervision(t):  # which sees those that were fed back
            answer = await self.api.act(record, "findings", "feed_back", on="2017-06-09")
            assert answer.status_code == 200, answer.text
            return answer.json()
        return await self._received(record) if f.to == "clues" and _by_supervision(t) else record

    async def _received(self, clue: Any) -> Any:
        """The clue, handed to case supervision; the transfer is voided, so that it holds nothing."""
        transfer = await self("clue-transfers", clue_numbers=[clue["number"]])
        for action, body in (("send", {"on": "2017-06-11"}), ("void", {"reason": "重复"})):
            answer = await self.api.act(transfer, "clue-transfers", action, **body)
            assert answer.status_code == 200, answer.text
            transfer = answer.json()
        return await self.api.read(f"/v1/clues/{clue['id']}")

    async def shared(self, path: str) -> Any:
        """One record of this type, made on first use."""
        made = self.register if path in ("units", "persons") else self.made
        if path not in made:
            given = {"phase": "feedback"} if path == "finding-categories" else {}
            made[path] = await self(path, **given)
        return made[path]

    def fresh(self) -> "Maker":
        """A maker with a new round, and new everything under it; units and persons stay."""
        return Maker(self.api, self.register)

    @singledispatchmethod
    def value(self, f: Any) -> Any:
        """A valid value of a field."""
        raise NotImplementedError(f)

    @value.register
    def _(self, f: kinds.Text) -> Any:
        if f.name in LAID_DOWN:
            return LAID_DOWN[f.name][0]
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
    def _(self, f: kinds.AnyRecord) -> Any:
        raise AssertionError("the type of the record says which: `given` makes one")

    @value.register
    def _(self, f: kinds.Entries) -> Any:
        return [{m.name: LAID_DOWN.get(m.name, (None,))[0] or self.value(m) for m in f.of}]


def _by_supervision(t: RecordType) -> bool:
    return keepers("POST", f"/v1/{t.path}") == (SUPERVISION,)


def _subject(t: RecordType, body: dict[str, Any], numbers: dict[str, str]) -> dict[str, Any]:
    """What fits the subject: an accountability mode of units or of persons."""
    if t.path == "accountability-decisions" and "mode" in body:
        fits = {"unit": "unit_review", "person": "admonition"}[body["subject_kind"]]
        return {**numbers, "mode": fits}
    return numbers
