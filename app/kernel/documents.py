"""The document of a record as SQL: the one projection of current rows, of written rows and of old revisions.

What a role may not see is masked here and nowhere else: members that are hidden from it, and references to records
that do not exist for it. Row security has already decided which rows there are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.kernel import policies
from app.kernel.access import METADATA, Right
from app.kernel.fields import Absentees, Field, Lines, Reference, Sealed, Text
from app.kernel.record_type import HEAD, TAIL, RecordType, Registry

NOBODY = Right("false", lists=False, hides=METADATA)
NOTE, VERSION = "note", "o"


@dataclass(frozen=True)
class View:
    """The eyes of one role."""

    registry: Registry
    role: str

    def right(self, t: RecordType) -> Right:
        """What the role may do with records of a type."""
        return t.access.of(self.role) or NOBODY

    def shown(self, t: RecordType, member: str, row: str = "t") -> str:
        """SQL for whether a member (a field's name, or `note`) is told of a row: '' always, 'false' never.

        What is hidden of a record by now is hidden of its old versions, too: `o` is such a version, `t` the record.
        """
        rule = self.right(t).hides.shown_if
        if member not in _hidden(t, self.right(t)):
            return ""
        rows = (row, "t") if row == VERSION else (row,)
        return f"({' and '.join(rule.format(r) for r in rows)})" if rule else "false"

    def target(self, f: Reference) -> tuple[RecordType, Right]:
        """The type a field refers to, and what the role may do with it."""
        target = self.registry.by_path[f.to]
        return target, self.right(target)


@cache
def _hidden(t: RecordType, right: Right) -> frozenset[str]:
    """The fields that are hidden from a role, at least in some state."""
    if not right.hides.metadata:
        return right.hides.members
    texts = {f.name for f in t.fields if f.secret or isinstance(f, (Text, Lines, Absentees))}
    return frozenset({*texts, *right.hides.members, NOTE})


def _columns(view: View, t: RecordType, f: Field, row: str) -> list[str]:
    """The columns of a field as this role reads them, each under its name."""
    if isinstance(f, Sealed):
        return [f"null as {f.name}"]
    values = _references(view, f, row) if isinstance(f, Reference) else {c: f"{row}.{c}" for c in f.columns}
    shown = view.shown(t, f.name, row)
    if not shown:
        return [f"{value} as {c}" for c, value in values.items()]
    masked = {c: f"left({v}, 1) || '*'" if isinstance(f, Text) and f.of_person else "null" for c, v in values.items()}
    if shown == "false":
        return [f"{value} as {c}" for c, value in masked.items()]
    return [f"case when {shown} then {values[c]} else {masked[c]} end as {c}" for c in values]


def _references(view: View, f: Reference, row: str) -> dict[str, str]:
    """A reference to a record that does not exist for this role is null, as one to none at all."""
    _, right = view.target(f)
    if right.sees_every:
        return {c: f"{row}.{c}" for c in f.columns}
    if right is NOBODY:
        return dict.fromkeys(f.columns, "null")
    if shown := _shown_by_id(view, f, row):
        return {c: f"case when {shown} then {row}.{c} end" for c in f.columns}
    return {f.id_column: f"seen_{f.name}.id", f.number_column: f"seen_{f.name}.number"}


def _shown_by_id(view: View, f: Reference, row: str) -> str:
    """SQL for whether the record referred to exists for this role, where its identifier tells; '' where it does not."""
    shown = "" if f.many else view.target(f)[1].shows(f"{row}.{f.id_column}")
    return shown.format(row, **policies.found(view.role))


def _looked_up(view: View, t: RecordType) -> Iterator[Reference]:
    """References to records that must be read to know whether they exist for this role: it differs from row to row."""
    for f in t.references:
        right = view.target(f)[1]
        if not (right.sees_every or right is NOBODY or view.shown(t, f.name) == "false" or _shown_by_id(view, f, "t")):
            yield f


def looks_up(view: View, t: RecordType) -> bool:
    """Whether documents of a type read other records, too. Then the gate stands above all of the statement."""
    return any(_looked_up(view, t))


def _look_ups(view: View, t: RecordType, row: str) -> str:
    """Joins that read these records under the caller's own policies."""
    joins = []
    for f in _looked_up(view, t):
        target = view.target(f)[0]
        if f.many:
            found = (
                f"select array_agg(x.id order by e.n) as id, array_agg(x.number order by e.n) as number"
                f" from unnest({row}.{f.id_column}) with ordinality e(id, n)"
                f" join {target.table} x on x.jurisdiction = {row}.jurisdiction and x.id = e.id"
            )
        else:
            found = (
                f"select x.id, x.number from {target.table} x"
                f" where x.jurisdiction = {row}.jurisdiction and x.id = {row}.{f.id_column}"
            )
        joins.append(f" left join lateral ({found}) seen_{f.name} on true")
    return "".join(joins)


@cache
def document_sql(view: View, t: RecordType, row: str) -> tuple[str, str]:
    """FROM items that follow a row, and the expression of its document as UTF-8 bytes: Python appends the tail."""
    note = view.shown(t, NOTE, row)
    own = [c for f in t.fields for c in _columns(view, t, f, row)]
    head, tail = [f"{row}.{c}" for c in HEAD], [f"{row}.{c}" for c in TAIL if c != NOTE]
    told = f"{row}.note" if not note else f"case when {note} then {row}.note end as note"
    columns = ", ".join([*head, *own, told, *tail])
    items = f"{_look_ups(view, t, row)}, lateral (select {columns}) d"
    return items, "convert_to(row_to_json(d)::text, 'UTF8') as document"


def told_sql(view: View, t: RecordType, row: str) -> str:
    """SELECT item that says whether what the role may not see of such records is told of this one."""
    rule = view.right(t).hides.shown_if
    rows = (row, "t") if row == VERSION else (row,)
    return f", ({' and '.join(rule.format(r) for r in rows)}) as told" if rule else ""


def answer_sql(view: View, t: RecordType, row: str, extra: str = "") -> str:
    """SELECT list and FROM item that give a row's document with what the caller's part needs."""
    items, document = document_sql(view, t, row)
    condition = view.right(t).acts_if
    acts = f", ({condition.format(row, **policies.found(view.role))}) as acts" if condition else ""
    needed = f"{row}.state, {row}.version, {row}.imported, {row}.id{acts}{told_sql(view, t, row)}{extra}"
    return f"select {document}, {needed} from {{source}} {row}{items}"


def may(view: View, t: RecordType, row: Any, action: str) -> bool:
    """Whether the role may do this with the row in front of it."""
    right = view.right(t)
    return right.may(action, row["state"]) and (not right.acts_if or bool(row["acts"]))


@cache
def answer_tail(view: View, t: RecordType, state: str, imported: bool, acts: bool, told: bool) -> bytes:
    """The end of a document: what depends on the state and on who asks. `told`: nothing of it is hidden."""
    right = view.right(t)
    actions = [a for a in t.lifecycle.actions_from(state) if acts and right.may(a, state)]
    hidden = frozenset() if told else _hidden(t, right)
    masked = [c for f in t.fields for c in f.members if isinstance(f, Sealed) or f.name in hidden]
    masked += [NOTE] if NOTE in hidden else []
    tail = f',"available_actions":[{_listed(actions)}],"masked":[{_listed(masked)}]'
    return (tail + (',"imported":true}' if imported else "}")).encode()


def _listed(names: Iterable[str]) -> str:
    return ",".join(f'"{n}"' for n in names)


def finished(view: View, t: RecordType, row: Any) -> bytes:
    """The whole document of a row as read by the statements of `writes` and `query`."""
    right = view.right(t)
    acts = bool(row["acts"]) if right.acts_if else True
    told = bool(row["told"]) if right.hides.shown_if else False
    whole: bytes = row["document"][:-1] + answer_tail(view, t, row["state"], row["imported"], acts, told)
    return whole


def finished_version(view: View, t: RecordType, row: Any) -> bytes:
    """The whole document of an old version, as `GET` gave it then, but for what is hidden by now."""
    told = bool(row["told"]) if view.right(t).hides.shown_if else False
    whole: bytes = row["document"][:-1] + answer_tail(view, t, row["state"], row["imported"], True, told)
    return whole
