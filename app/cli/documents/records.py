"""docs/records.md: the members of each type, and what a ledger of it may look like."""

from functools import singledispatch

from app.cli.documents import NOTICE, code, table, text
from app.imports.mapping.columns import columns_of
from app.kernel.declare import fields as kinds
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY

HEAD = """# Record types 记录类型

**Bold**: required on create. `*`: personal or secret. `†`: set by actions or an import, never by a body. `‡`: taken
over from a referenced record. A reference is written as `…_id` or `…_number` and answered as both. Every record also
has `id`, `number`, `version`, `state`, `jurisdiction`, `note`, `created_at`, `created_by`, `created_by_role`,
`updated_at`, `updated_by`, `updated_by_role`, `available_actions`, `masked`, and `imported: true` if it came from an
old ledger.

*Headings* are what a ledger may write above the column; they are compared without spaces. *Sheets* are compared without
spaces, a leading number, and 表, 台账, 名录, 记录, 情况, 处理 at the end."""


@singledispatch
def kind(f: kinds.Field) -> str:
    """What a field holds, in a few words."""
    return type(f).__name__.lower()


@kind.register
def _(f: kinds.Text) -> str:
    return f"text ≤ {f.longest}" + (", checked form" if f.form else "")


@kind.register
def _(f: kinds.Sealed) -> str:
    return "text, kept encrypted; found only whole"


@kind.register
def _(f: kinds.Whole) -> str:
    return "money, fen" if f.money else f"whole, {f.least} … {'' if f.most == 2**31 - 1 else f.most}".rstrip()


@kind.register
def _(f: kinds.Flag) -> str:
    return "yes/no" + ("" if f.default is None else f", default {str(f.default).lower()}")


@kind.register
def _(f: kinds.Day) -> str:
    return "day"


@kind.register
def _(f: kinds.Choice) -> str:
    choices = ", ".join(f"`{c}` {'/'.join(labels)}" for c, labels in f.terms.labels.items())
    return f"{'list of ' if f.many else ''}choice: {choices}" + (f"; default `{f.default}`" if f.default else "")


@kind.register
def _(f: kinds.Lines) -> str:
    return f"list of text ≤ {f.longest}, cut at {'；' if f.split == 'measures' else '、，；'}"


@kind.register
def _(f: kinds.Quantity) -> str:
    return "count `{value, qualifier}`: 300, 300余, 约300"


@kind.register
def _(f: kinds.Entries) -> str:
    named = f"{f.names.name} → `{f.names.to}`, " if f.names else ""
    return "list of `{" + named + ", ".join(m.name for m in f.of) + "}`"


@kind.register
def _(f: kinds.Reference) -> str:
    return f"{'list of ' if f.many else ''}→ `{f.to}`"


def number_format(t: RecordType) -> str:
    """How a number of this type looks."""
    n = t.numbering
    if n.formula:
        return "`{code}-{year}-{sequence:02}`, made of its own members"
    base = "{code}" if n.within == "jurisdiction" else "{round}"
    joint = "" if n.within == "jurisdiction" else "-"
    rule = "always assigned, except in an import" if n.assigned else "given, or assigned"
    return f"`{base}-{n.letter}{joint}{{n:0{n.digits}}}`, {rule}"


def _natural_key(t: RecordType) -> str:
    if not t.ledger.key:
        return "none: rows are matched by number"
    return "、".join(t.field(name).label for name in t.ledger.key) + f" ({code(*t.ledger.key)})"


def _row(t: RecordType, f: kinds.Field, headings: dict[str, tuple[str, ...]]) -> list[str]:
    marks = "".join(m for m, on in (("\\*", f.secret), ("†", f.set_by), ("‡", f.copied is not None)) if on)
    names = code(f.name) if isinstance(f, kinds.Sealed) else code(*f.columns)
    member = f"**{names}**" if f.required and f.writable else names
    return [f"{member} {marks}".strip(), f.label, kind(f), "、".join(headings.get(f.name, ())), f.help]


def _section(t: RecordType) -> list[str]:
    headings = {column.key: column.names for column in columns_of(t)}
    facts = [
        f"- Number: {number_format(t)}; headings {'、'.join(headings['number'])}",
        f"- Sheets: {'、'.join(t.ledger.sheets)}",
        f"- Natural key of a row without number: {_natural_key(t)}",
        f"- Searched by `q`: {code(*t.searched)}",
    ]
    if t.ledger.extra:
        extra = ", ".join(f"{f.label} (`{f.name}`)" for f in t.ledger.extra)
        facts.append(f"- Columns of a ledger that are no members: {extra}")
    if t.unique:
        facts += [f"- Unique among live records: {code(*columns)}" for columns in t.unique.values()]
    rows = [_row(t, f, headings) for f in t.fields]
    title = f"## {t.label} `{t.path}`"
    return [title, t.help, "\n".join(facts), table(("member", "中文", "holds", "headings", "说明"), rows)]


def document() -> str:
    """The whole document."""
    return text(NOTICE, HEAD, *(block for t in REGISTRY for block in _section(t)))
