"""docs/lifecycles.md: the states of each type, and what leads from one to another."""

import re

from app.cli.documents import NOTICE, code, table, text
from app.kernel.declare.fields import Field, Reference
from app.kernel.declare.lifecycle import Effect, Transition
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY

HEAD = """# Lifecycles 状态与操作

For each record type: its states, the actions that a caller may ask for (`POST /v1/{type}/{id}/actions/{action}`), and
the internal transitions that are effects of a write of another record (names in brackets). Every type also has `void`
(作废 `{reason}`, from any state but voided; the record stays readable) and `correct` (更正 `{reason, …}`, mends members
that a transition sets). Nothing else changes a state, save that an import may enter an old record in any state and
move it forwards. A `†` member is required."""

ARTICLE = re.compile(r"[^（，。；]*第[一二三四五六七八九十百]+条|domain\.md [\d.]+")


def article(transition: Transition) -> str:
    """The article of the rule that a transition's help cites."""
    return "；".join(match[0].strip("（）、 ") for match in ARTICLE.finditer(transition.help))


def _member(f: Field) -> str:
    name = f"{f.number_column}` / `{f.id_column}" if isinstance(f, Reference) else f.name
    return f"`{name}` {f.label}{' †' if f.required else ''}"


def _effects(t: RecordType, effects: tuple[Effect, ...]) -> str:
    found = []
    for c in effects:
        target = REGISTRY.by_path[t.reference(c.reference).to]
        label = target.lifecycle.transition(c.action).label
        suffix = ", also on import" if c.in_import else ", of the one it leaves" if c.leaving else ""
        found.append(f"{target.label}：{label} (`{target.path}` `{c.action}`{suffix})")
    return "; ".join(found)


def _drawing(t: RecordType) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state} : {label}" for state, label in t.lifecycle.states.items()]
    lines.append(f"    [*] --> {t.lifecycle.initial}")
    for x in t.lifecycle.transitions:
        label = f"({x.action})" if x.internal else x.action
        lines += [f"    {origin} --> {x.to or origin} : {label}" for origin in x.origins]
    return "\n".join([*lines, "```"])


def _row(t: RecordType, x: Transition) -> list[str]:
    needs = "、".join(t.field(name).label for name in x.needs)
    given = ", ".join(map(_member, x.body))
    condition = " ".join(filter(None, (needs, "condition in SQL" if x.only_if else "")))
    kind = "internal" if x.internal else ""
    to = code(x.to) if x.to else "unchanged"
    arrow = [code(x.action), x.label, kind, code(*x.origins), to]
    return [*arrow, given, condition, _effects(t, x.effects), x.help, article(x)]


def _section(t: RecordType) -> list[str]:
    labels = "; ".join(f"`{state}` {label}" for state, label in t.lifecycle.states.items())
    blocks = [f"## {t.label} `{t.path}`", f"{t.help}\n\nStates: {labels}; `voided` 已作废."]
    created = _effects(t, t.lifecycle.effects_on_create)
    if created:
        blocks.append(f"Effects of creating one: {created}.")
    if changed := _effects(t, t.lifecycle.effects_on_change):
        blocks.append(f"Effects of changing what they depend on: {changed}.")
    if voided := _effects(t, t.lifecycle.effects_on_void):
        blocks.append(f"Effects of voiding one: {voided}.")
    if not t.lifecycle.transitions:
        return [*blocks, "One state, no actions of its own."]
    headings = ("action", "中文", "", "from", "to", "body", "needs", "effects", "meaning", "article")
    return [*blocks, _drawing(t), table(headings, [_row(t, x) for x in t.lifecycle.transitions])]


def document() -> str:
    """The whole document."""
    return text(NOTICE, HEAD, *(block for t in REGISTRY for block in _section(t)))
