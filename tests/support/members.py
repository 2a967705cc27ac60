"""Bodies of any type from its declaration, some right and some wrong, by a seeded generator."""

import random
from functools import singledispatchmethod
from typing import Any

from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType
from tests.support.ledgers import ROUND

R = f"431382-{ROUND}"
KNOWN = {
    "units": ["431382-U001", "431382-U003", "431382-U010", "431382-U045", "431382-U066"],
    "persons": ["431382-P001", "431382-P002"],
    "rounds": [R], "finding-categories": [f"{R}-G-002", f"{R}-G-003"], "teams": [f"{R}-Z-001", f"{R}-Z-002"],
    "findings": [f"{R}-F-0001"],
    "clues": [f"{R}-C-0002"], "case-filings": [f"{R}-K-001"],
}  # fmt: skip
FREE = [f"{R}-C-0001"]  # a clue that can still be transferred
WRONG: list[Any] = [
    5,
    2.5,
    True,
    "",
    "  ",
    "a\x07b",
    [],
    {},
    ["x"],
    "x" * 5000,
    "2017-02-30",
    -1,
    2**40,
    {"value": -1},
    [5],
]
WORDS = ("责任书", " 签订 ", "流于形式", "１２", "a b", "，", "「𠮷」", "：\n第二行", "()", "%_", "'\"\\", "é")


class Bodies:
    """Draws bodies of one type. A tenth of the members is wrong, and a body has several."""

    def __init__(self, t: RecordType, draw: random.Random, wrong: float = 0.04) -> None:
        self.t, self.draw, self.wrong, self.n = t, draw, wrong, 0

    def many(self, count: int) -> list[dict[str, Any]]:
        """So many bodies."""
        return [self.one() for _ in range(count)]

    def one(self) -> dict[str, Any]:
        """A body."""
        self.n += 1
        body: dict[str, Any] = {}
        for f in self.t.fields:
            if not f.writable or (not f.required and self.draw.random() < 0.4):
                continue
            if f.required and self.draw.random() < self.wrong / 3:
                continue
            member = f.number_column if isinstance(f, kinds.Reference) else f.name
            body[member] = self.draw.choice(WRONG) if self.draw.random() < self.wrong else self.value(f)
        if self.draw.random() < 0.2:
            body["note"] = self.draw.choice(["注", " 注 ", "x" * 3000, "", 5])
        if self.draw.random() < self.wrong:
            body[self.draw.choice(["colour", "标题", "a/b", "a~b"])] = "x"
        self._fit(body)
        return body

    def _fit(self, body: dict[str, Any]) -> None:
        """Makes natural keys differ, and most subjects fit their kind; most transfers list clues and are no slips."""
        if self.t.path == "clue-transfers" and self.draw.random() < 0.8:
            body.pop("sealed_count", None)
            body.setdefault("clue_numbers", [self.draw.choice(KNOWN["clues"])])
        for name in self.t.ledger.key + (("year",) if self.t.numbering.formula else ()):
            f = self.t.field(name)
            if isinstance(f, kinds.Text) and isinstance(body.get(name), str) and 0 < len(body[name].strip()) < 15:
                body[name] = f"{body[name].strip()}{self.n}"
            if isinstance(f, kinds.Whole) and body.get(name) in range(f.least, f.most + 1):
                body[name], body["sequence"] = 1990 + self.n // 99, 1 + self.n % 99
            if (
                isinstance(f, kinds.Day)
                and isinstance(body.get(name), str)
                and len(body[name]) == 10
                and body[name] != "2017-02-30"
            ):
                body[name] = f"{1960 + self.n // 336}-{1 + self.n // 28 % 12:02}-{1 + self.n % 28:02}"
            if self.t.path == "targets" and isinstance(body.get("unit_number"), str) and "-U" in body["unit_number"]:
                body["unit_number"] = f"431382-U{999 + self.n}"
        other = {"unit": "person", "person": "unit"}.get(str(body.get("subject_kind")))
        if "subject_kind" in self.t.columns and other and self.draw.random() < 0.9:
            body.pop(f"{other}_number", None)
            own = self.t.reference(str(body["subject_kind"]))
            body.setdefault(own.number_column, self.value(own))

    @singledispatchmethod
    def value(self, f: Any) -> Any:
        """A right value of a field."""
        raise NotImplementedError(f)

    @value.register
    def _(self, f: kinds.Text) -> Any:
        if f.form is not None:
            return self.draw.choice([f.sample or "11431382006000000W", "x", str(f.sample)[:-1] + "5", f" {f.sample} "])
        return "".join(self.draw.choice(WORDS) for _ in range(self.draw.randint(1, 3)))[: f.longest] or "甲"

    @value.register
    def _(self, f: kinds.Whole) -> Any:
        return self.draw.choice([f.least, f.most, self.draw.randint(f.least, f.most)])

    @value.register
    def _(self, f: kinds.Day) -> Any:
        return f"{self.draw.randint(2015, 2019)}-{self.draw.randint(1, 12):02}-{self.draw.randint(1, 28):02}"

    @value.register
    def _(self, f: kinds.Choice) -> Any:
        code = self.draw.choice([*f.terms.codes] * 9 + [f.terms.label(f.terms.codes[0]), *f.terms.refused])
        return [code, *self.draw.sample(f.terms.codes, 1)] if f.many else code

    @value.register
    def _(self, f: kinds.Flag) -> Any:
        return self.draw.random() < 0.5

    @value.register
    def _(self, f: kinds.Lines) -> Any:
        return [self.draw.choice(WORDS).strip() or "甲" for _ in range(self.draw.randint(1, 3))]

    @value.register
    def _(self, f: kinds.Quantity) -> Any:
        return {
            "value": self.draw.randint(0, 500),
            "qualifier": self.draw.choice(["exact", "at_least", "about", "about"]),
        }

    @value.register
    def _(self, f: kinds.Entries) -> Any:
        entry = {m.name: self.value(m) if m.required or self.draw.random() < 0.7 else None for m in f.of}
        return [entry | ({"account": "admin"} if "account" in entry else {})]

    @value.register
    def _(self, f: kinds.Reference) -> Any:
        known = FREE * 4 + KNOWN[f.to] if (self.t.path, f.to) == ("clue-transfers", "clues") else KNOWN[f.to]
        numbers = [*known] * 12 + ["431382-X999", "431381-U001", "无", "龙泉镇"]
        drawn = self.draw.choices(numbers, k=self.draw.choice([1, 1, 1, 2]))
        return drawn if f.many else drawn[0]
