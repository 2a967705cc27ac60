"""The document of a record as SQL: the one projection of current rows, of written rows and of old revisions.

Masking stands here and nowhere else: of members hidden from a role, and of references to records that do not exist for
it. Row security has already decided which rows there are. Postgres makes the whole document, `available_actions` and
`masked` included (docs/decisions/0020-whole-documents.md).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from app.kernel.declare.access import METADATA, Right
from app.kernel.declare.fields import Entries, Field, Lines, Reference, Sealed, Text
from app.kernel.declare.record_type import HEAD_COLUMNS, MAKERS, TAIL_COLUMNS, RecordType
from app.kernel.declare.registry import Registry
from app.kernel.declare.visibility import NoRecords
from app.kernel.schema import rights
from app.kernel.sql.available import actions_sql, listed
from app.kernel.sql.entries import entry_is_hidden, seen_entries
from app.roles import ROLES

NO_RIGHT = Right(NoRecords(), lists=False, hides=METADATA)
NOTE = "note"
OLD_VERSION = "o"  # alias of an old version of the record `t`


@dataclass(frozen=True)
class RoleView:
    """The rights of one role on every type."""

    registry: Registry
    role: str

    @cached_property
    def rights(self) -> Mapping[str, Right]:
        """What the role may do with each type, by the type's path. Every request asks, so it is worked out once."""
        return {t.path: self.right(t) for t in self.registry}

    def right(self, t: RecordType) -> Right:
        """What the role may do with records of a type."""
        return t.access.of(self.role) or NO_RIGHT

    def shown(self, t: RecordType, member: str, row: str = "t") -> str:
        """SQL for whether the role sees a member (a field's name, or `note`) of a row: '' always, 'false' never.

        A member that is hidden now is hidden in old versions, too.
        """
        right = self.right(t)
        if member not in _hidden(t, right):
            return ""
        return (member not in right.hides.members and _revealed(right, row)) or "false"

    def may_replace(self, t: RecordType, members: Iterable[str]) -> str:
        """SQL over the row `t` for whether none of these members is hidden from the role; '' where none ever is.

        Where a value is hidden, whether it is replaced by another or by itself would tell what it is.
        """
        if not self.right(t).apart:
            return ""
        return " and ".join(dict.fromkeys(f"({s})" for m in members if (s := self.shown(t, m))))

    def in_full(self, t: RecordType, row: str) -> str:
        """SQL for whether nothing of a row that the role sees is hidden from it."""
        right = self.right(t)
        return (_revealed(right, row) or "false") if _hidden(t, right) else "true"

    def target(self, f: Reference) -> tuple[RecordType, Right]:
        """The type that a field refers to, and what the role may do with it."""
        target = self.registry.by_path[f.to]
        return target, self.right(target)


def _revealed(right: Right, row: str) -> str:
    """SQL for where no more is hidden of a row than `hides.members`; '' where that is nowhere."""
    if right.hides.metadata and not right.hides.shown_if:
        return ""
    rules = [rule for rule in (right.hides.shown_if, right.apart) if rule]
    rows = (row, "t") if row == OLD_VERSION else (row,)
    return " and ".join(f"({rule.sql.format(r)})" for rule in rules for r in rows)


@cache
def role_view(registry: Registry, role: str) -> RoleView:
    """The one view of a role. It is a key of caches of SQL text, which are then found by identity."""
    return RoleView(registry, role)


@cache
def _hidden(t: RecordType, right: Right) -> frozenset[str]:
    """The fields that are hidden from a role, at least in some state."""
    if not (right.hides.metadata or right.apart):
        return right.hides.members
    texts = {f.name for f in t.fields if f.secret or isinstance(f, (Text, Lines, Entries))}
    return frozenset({*texts, *right.hides.members, NOTE})


def _columns(view: RoleView, t: RecordType, f: Field, row: str) -> list[str]:
    """The columns of a field as the role reads them, each under its own name."""
    if isinstance(f, Sealed):
        return [f"null as {f.name}"]
    values = _values(view, t, f, row)
    shown = view.shown(t, f.name, row)
    if not shown:
        return [f"{value} as {c}" for c, value in values.items()]
    masked = {c: f"left({v}, 1) || '*'" if isinstance(f, Text) and f.of_person else "null" for c, v in values.items()}
    if shown == "false":
        return [f"{value} as {c}" for c, value in masked.items()]
    return [f"case when {shown} then {values[c]} else {masked[c]} end as {c}" for c in values]


def _values(view: RoleView, t: RecordType, f: Field, row: str) -> dict[str, str]:
    """(column, SQL) of a field for a role from which it is not hidden."""
    if isinstance(f, Reference):
        return _references(view, f, row)
    for kept in (kept for entries, kept in t.named_in_entries if entries is f):
        assert isinstance(f, Entries)
        target, right = view.target(kept)
        return {f.name: seen_entries(f, kept, target.table, row, right.sees_every)}
    return {c: f"{row}.{c}" for c in f.columns}


def _references(view: RoleView, f: Reference, row: str) -> dict[str, str]:
    """(column, SQL) of a reference. To a record that does not exist for the role it is null."""
    _, right = view.target(f)
    if right.sees_every:
        return {c: f"{row}.{c}" for c in f.columns}
    if right is NO_RIGHT:
        return dict.fromkeys(f.columns, "null")
    if shown := _shown_by_id(view, f, row):
        return {c: f"case when {shown} then {row}.{c} end" for c in f.columns}
    return {f.id_column: f"seen_{f.name}.id", f.number_column: f"seen_{f.name}.number"}


def _shown_by_id(view: RoleView, f: Reference, row: str) -> str:
    """SQL for whether the record referred to exists for the role, where the identifier alone decides; else ''."""
    if f.many:
        return ""
    return rights.seen_by_identifier(view.target(f)[1].sees, f"{row}.{f.id_column}", rights.document_scope(view.role))


def _read_for_reference(view: RoleView, t: RecordType) -> Iterator[Reference]:
    """The references whose record must be read to know whether it exists for the role."""
    for f in t.references:
        right = view.target(f)[1]
        if not (
            right.sees_every or right is NO_RIGHT or view.shown(t, f.name) == "false" or _shown_by_id(view, f, "t")
        ):
            yield f


def reads_others(view: RoleView, t: RecordType) -> bool:
    """Whether documents of the type read other records. The caller guard must then stand above the whole statement."""
    return any(_read_for_reference(view, t))


def _reference_reads(view: RoleView, t: RecordType, row: str) -> str:
    """Joins that read the records referred to, under the caller's own policies."""
    joins = []
    for f in _read_for_reference(view, t):
        target = view.target(f)[0]
        if f.many:
            visible = (
                f"select array_agg(x.id order by e.n) as id, array_agg(x.number order by e.n) as number"
                f" from unnest({row}.{f.id_column}) with ordinality e(id, n)"
                f" join {target.table} x on x.jurisdiction = {row}.jurisdiction and x.id = e.id"
            )
        else:
            visible = (
                f"select x.id, x.number from {target.table} x"
                f" where x.jurisdiction = {row}.jurisdiction and x.id = {row}.{f.id_column}"
            )
        joins.append(f" left join lateral ({visible}) seen_{f.name} on true")
    return "".join(joins)


@cache
def document_sql(view: RoleView, t: RecordType, row: str) -> tuple[str, str]:
    """The FROM items that a row needs beside it, and the expression of its whole document as UTF-8 bytes."""
    note = view.shown(t, NOTE, row)
    own = [c for f in t.fields for c in _columns(view, t, f, row)]
    head = [f"{row}.{c}" for c in HEAD_COLUMNS]
    tail = [f"{maker_sql(view, f'{row}.{c}')} as {c}" if c in MAKERS else f"{row}.{c}" for c in TAIL_COLUMNS[1:]]
    shown_note = f"{row}.note" if not note else f"case when {note} then {row}.note end as note"
    end = [
        f"{actions_sql(view.right(t), view.role, t, row, row != OLD_VERSION)} as available_actions",
        f"{_masked(view, t, row)} as masked",
    ]
    columns = ", ".join([*head, *own, shown_note, *tail, *end])
    # offset 0: the document is made once, although the CASE names it twice. The client's encoding is UTF-8.
    made = f"lateral (select textsend(row_to_json(d)::text) as whole from (select {columns}) d offset 0) made"
    marked = """substr(made.whole, 1, octet_length(made.whole) - 1) || ',"imported":true'::bytea || '\\x7d'::bytea"""
    document = f"case when {row}.imported then {marked} else made.whole end as document"
    return f"{_reference_reads(view, t, row)}, {made}", document


def maker_sql(view: RoleView, name: str) -> str:
    """SQL for the name of a maker, or null where it is not told to the caller, who then has its role alone."""
    if ROLES[view.role].told_makers:
        return name
    return f"case when {name} = any ((select caller_colleagues())::text[]) then {name} end"


def _masked(view: RoleView, t: RecordType, row: str) -> str:
    """SQL of `masked`, the names of the members hidden from the role."""
    right = view.right(t)
    hidden = f"'{listed(_members_masked(t, _hidden(t, right)))}'::json"
    shown_if = _revealed(right, row)
    shown = f"'{listed(_members_masked(t, right.hides.members))}'::json"
    masked = f"case when {shown_if} then {shown} else {hidden} end" if shown_if else hidden
    for f, kept in t.named_in_entries:
        target, theirs = view.target(kept)
        if not (theirs.sees_every or view.shown(t, f.name, row)):
            some = f"case when {entry_is_hidden(kept, target.table, row)} then '[\"{f.name}\"]'::jsonb else '[]' end"
            masked = f"(({masked})::jsonb || {some})::json"
    return masked


def _members_masked(t: RecordType, hidden: frozenset[str] = frozenset()) -> list[str]:
    members = [m for f in t.fields for m in f.members if isinstance(f, Sealed) or f.name in hidden]
    return members + ([NOTE] if NOTE in hidden else [])


def answer_sql(view: RoleView, t: RecordType, row: str, extra: str = "") -> str:
    """SELECT of a row's document and of what Python needs beside it: state, version, id, `acts`, and `extra`."""
    items, document = document_sql(view, t, row)
    right = view.right(t)
    may_write = rights.may_write(right, row, rights.document_scope(view.role))
    acts = f", {may_write} as acts" if may_write else ""
    if met := rights.limit_met(right, row, rights.document_scope(view.role)):
        acts += f", {met} as limit_met"
    needed = f"{row}.state, {row}.version, {row}.id{acts}{extra}"
    return f"select {document}, {needed} from {{source}} {row}{items}"


def may(view: RoleView, t: RecordType, row: Any, action: str) -> bool:
    """Whether the role may take this action with the row that was read."""
    right = view.right(t)
    met = not right.limited(action) or bool(row["limit_met"])
    return right.may(action, row["state"]) and met and (not right.writes_if or bool(row["acts"]))
