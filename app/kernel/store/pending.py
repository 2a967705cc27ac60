"""From a body to what the store will write, before the database is asked: its references, and the pending change."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from app.errors import FieldError, Refusal, invalid
from app.kernel.declare.fields import Reference
from app.kernel.declare.lifecycle import VOIDED, Effect, Transition
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.reference_joins import ENTRIES, ReferenceInputs
from app.kernel.sql.write import UpdateSpec
from app.kernel.store.entries import records_beside


def parse_references(t: RecordType, values: Mapping[str, Any]) -> tuple[ReferenceInputs, dict[str, Any]]:
    """How a body gives its references, and the body without the members that are null."""
    values = records_beside(t, values) if t.named_in_entries else values
    given, cleared, rest = [], [], dict(values)
    for f, id_column, number_column in t.reference_columns:
        if id_column not in values and number_column not in values:
            continue
        record_id, number = values.get(id_column), values.get(number_column)
        if (record_id is None and number is None) or (f.many and not (record_id or number)):
            cleared.append(f.name)
            rest.pop(id_column, None)
            rest.pop(number_column, None)
        elif f.within:
            given.append((f.name, ENTRIES))
        else:
            given.append((f.name, "id" if number is None else "number" if record_id is None else "both"))
            for column in (c for c in (id_column, number_column) if values.get(c) is None):
                rest.pop(column, None)  # null beside the other spelling says nothing
    return ReferenceInputs(tuple(given), tuple(cleared)), rest


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change as the caller sent it, before the record has been looked at.

    action    change, correct, void, or an action of the type's lifecycle
    version   the version named by If-Match; None if it is missing or cannot be read
    body      the validated members; empty where `problem` stands
    problem   the refusal of If-Match or body. Only a caller who sees the record and may change it gets it
    """

    action: str
    version: int | None
    body: dict[str, Any]
    problem: Refusal | None = None


@dataclass(frozen=True)
class PendingChange:
    """A change before it is written: the version it starts from, the members it gives, and what its action adds.

    to      the state that the record gets; None keeps it
    part    of an action that concerns a part of a list: the identifiers of that part. The state then stays
    before  the stored row, where the change needs it (`reads_row_first`)
    """

    t: RecordType
    record_id: str
    asked: ChangeRequest
    values: dict[str, Any]
    inputs: ReferenceInputs
    transition: Transition | None = None
    to: str | None = None
    reason: str | None = None
    part: list[str] | None = None
    before: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are given, those of references aside; and what remains of a list that loses a part."""
        return (*(c for c in self.values if c in self.t.own_columns), *self._remaining)

    @property
    def _remaining(self) -> tuple[str, ...]:
        """The columns of a list that loses a part. What stays is not looked up again: the caller need not see it."""
        partial = self.transition.partial if self.part and self.transition else None
        return self.t.reference(partial).columns if partial else ()

    @property
    def effects(self) -> tuple[Effect, ...]:
        """The effects of the change on other records."""
        if self.voids:
            return self.t.lifecycle.effects_on_void
        return self.transition.effects if self.transition else effects_of(self.t, self.asked.body)

    def effects_due(self, written: Mapping[str, Any]) -> tuple[Effect, ...]:
        """Those of its effects that the row as it was written calls for."""
        if self.voids or self.transition:
            return self.effects
        columns = {e: self.t.reference(e.reference).id_column for e in self.effects}
        return tuple(e for e, column in columns.items() if e.follows(self.before, written, column))

    @property
    def judged_with(self) -> tuple[str, ...]:
        """The references whose records are locked before the change is judged."""
        return self.transition.judged_with if self.transition else ()

    @property
    def named_part(self) -> dict[str, list[str]] | None:
        """The part of a list that the action concerns, as a member; None where it concerns all of the list."""
        if not (self.part and self.transition and self.transition.partial):
            return None
        return {self.t.reference(self.transition.partial).id_column: self.part}

    @property
    def voids(self) -> bool:
        """Whether this is a voiding (作废)."""
        return self.to == VOIDED

    @cached_property
    def runs_rule(self) -> bool:
        """Whether the type's rule reads a member that is given."""
        t = self.t
        if t.check is None:
            return False
        names = (*(name for name, _ in self.inputs.given), *self.inputs.cleared)
        touched = {*self.columns, *(c for name in names for c in t.reference(name).columns)} - {*self._remaining}
        return bool(touched & t.check_reads)

    @property
    def reads_old_row(self) -> bool:
        """Whether the old row is read before it is written: by the rule, for what must be filled, for entries."""
        masks_entries = any(f.name in self.values for f, _ in self.t.named_in_entries)
        return bool(self.transition and self.transition.needs) or self.runs_rule or masks_entries

    @property
    def needs_transaction(self) -> bool:
        """Whether the change concerns more than its own row, and so needs a transaction of its own."""
        looks_at_others = self.judged_with or (self.runs_rule and self.t.rule_reads_references)
        return bool(self.effects or self.reason or looks_at_others)

    def spec(self, while_in: tuple[str, ...]) -> UpdateSpec:
        """The UPDATE that carries the change out. `while_in` are the states in which the caller may write."""
        return UpdateSpec(
            self.columns,
            self.inputs,
            self.transition,
            to=self.to,
            origins=self.transition.origins if self.transition else None,
            skip_unchanged=self.transition is None and not self.voids,
            while_in=while_in,
        )


def patch(t: RecordType, record_id: str, asked: ChangeRequest) -> PendingChange:
    """A merge patch. Refuses a required member that it would empty, and a sealed one sent back as it was masked."""
    values = asked.body
    emptied = [f for f in t.fields if f.name in values and values[f.name] is None]
    errors = [
        FieldError(f"/{f.name}", "required", {"label": f.label})
        for f in emptied
        if f.required and f.writable and not isinstance(f, Reference)
    ]
    errors += [FieldError(f"/{f.name}", "masked_value") for f in emptied if f in t.sealed]
    inputs, rest = parse_references(t, values)
    cleared = (t.reference(name) for name in inputs.cleared)
    errors += [FieldError(f"/{f.number_column}", "required", {"label": f.label}) for f in cleared if f.required]
    if errors:
        raise invalid(*errors)
    return PendingChange(t, record_id, asked, rest, inputs)


def correction(t: RecordType, record_id: str, asked: ChangeRequest) -> PendingChange:
    """A correction (更正, domain.md 4.8) of members that a transition sets. The revision keeps its reason."""
    inputs, rest = parse_references(t, {k: v for k, v in asked.body.items() if k != "reason"})
    return PendingChange(t, record_id, asked, rest, inputs, reason=asked.body["reason"])


def voiding(t: RecordType, record_id: str, asked: ChangeRequest) -> PendingChange:
    """A voiding (作废), the only deletion there is."""
    return PendingChange(t, record_id, asked, {}, ReferenceInputs(()), to=VOIDED, reason=asked.body["reason"])


def step(
    t: RecordType, record_id: str, asked: ChangeRequest, transition: Transition, row: Mapping[str, Any],
    seen: Mapping[str, Any],
) -> PendingChange:  # fmt: skip
    """One arrow of the lifecycle. `row` is the stored row where `reads_row_first`, else empty.

    `seen` are the members of that row as the caller sees them: who names all that it sees of a list names all of it.
    """
    body = {k: v for k, v in asked.body.items() if k != "reason"}
    part = _named_part(t, transition, body, seen)
    named = {transition.sets.get(k, k): v for k, v in body.items() if v is not None}
    errors = [
        FieldError(f"/{f.number_column}", "required", {"label": f.label})
        for f in transition.body
        if isinstance(f, Reference) and f.required and not (body.get(f.id_column) or body.get(f.number_column))
    ]
    if errors:
        raise invalid(*errors)
    named = {k: v for k, v in named.items() if k in t.columns}
    renewed = {c: row[c] for c in (t.reference(name).id_column for name in transition.renews)}
    inputs, values = parse_references(t, {**renewed, **named})
    if part:
        values |= _without(t.reference(transition.partial or ""), row, part)
    reason = asked.body.get("reason")
    change = PendingChange(t, record_id, asked, values, inputs, transition, reason=reason, part=part, before=row)
    return change if part else replace(change, to=transition.to)


def _without(f: Reference, row: Mapping[str, Any], part: list[str]) -> dict[str, list[str]]:
    """Both columns of a list of references without a part of it."""
    kept = [(i, n) for i, n in zip(row[f.id_column], row[f.number_column], strict=True) if i not in part]
    return {f.id_column: [i for i, _ in kept], f.number_column: [n for _, n in kept]}


def effects_of(t: RecordType, body: Mapping[str, Any]) -> tuple[Effect, ...]:
    """The effects that a patch or correction with this body may have: it names what they depend on."""
    given = body.keys()
    return tuple(
        e
        for e in t.lifecycle.effects_on_change
        if not given.isdisjoint(t.reference(e.reference).columns) or (e.when and e.when.column in given)
    )


def reads_row_first(t: RecordType, transition: Transition | None, body: Mapping[str, Any]) -> bool:
    """Whether the stored row is needed: to copy members, to know what remains of a list, or what is left."""
    if transition is None:
        return bool(effects_of(t, body))
    part = transition.partial and any(body.get(c) for c in t.reference(transition.partial).columns)
    return bool(transition.renews or part or any(effect.leaving for effect in transition.effects))


def _named_part(
    t: RecordType, transition: Transition, body: dict[str, Any], seen: Mapping[str, Any]
) -> list[str] | None:
    """Take the part of a list out of the body: the identifiers named, or None where none or all seen are named."""
    if not transition.partial:
        return None
    f = t.reference(transition.partial)
    by_id, by_number = body.pop(f.id_column, None), body.pop(f.number_column, None)
    wanted, column = by_id or by_number, f.id_column if by_id else f.number_column
    if not wanted:
        return None
    ids, named = seen[f.id_column] or [], seen[column] or []
    if any(x not in named for x in wanted):
        raise invalid(FieldError(f"/{column}", "not_in_list", {"label": f.label}))
    part = [i for i, x in zip(ids, named, strict=True) if x in wanted]
    return part if len(part) < len(ids) else None
