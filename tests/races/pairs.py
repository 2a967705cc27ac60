"""Which rules there are, from the declarations, and which pairs of this folder try each of them."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from app.kernel.schema.kept_columns import kept_columns
from app.records import REGISTRY

Rule = tuple[str, ...]
Test = TypeVar("Test", bound=Callable[..., Any])
TRIED: dict[Rule, list[Any]] = {}
BROKEN: dict[Rule, list[Any]] = {}
# A statement over another table, or a function of ours, which may read one; not what is known of the caller.
LOOKS = re.compile(
    r"(?<!distinct )\bfrom\b|\b(?!array_append|array_remove|coalesce|nullif|caller_grants)[a-z]+_[a-z_]+\("
)


def tries(*rules: Rule) -> Callable[[Test], Test]:
    """Say of a proof which rules its pairs try."""

    def entered(test: Test) -> Test:
        for rule in rules:
            TRIED.setdefault(rule, []).append(test)
        return test

    return entered


def breaks(*rules: Rule) -> Callable[[Test], Test]:
    """Say of a test which rules its pair breaks when their lock is taken away."""

    def entered(test: Test) -> Test:
        for rule in rules:
            BROKEN.setdefault(rule, []).append(test)
        return test

    return entered


def only_ifs() -> Iterator[Rule]:
    """The conditions of transitions."""
    for t in REGISTRY:
        yield from (("only_if", t.path, x.action) for x in t.lifecycle.transitions if x.only_if)


def required() -> Iterator[Rule]:
    """The references whose records a rule of values reads."""
    for t in REGISTRY:
        yield from (("requires", t.path, f.name) for f in t.references if f.requires)


def effects() -> Iterator[Rule]:
    """What a write of one type brings about in another, by the action or the kind of write that causes it."""
    for t in REGISTRY:
        of = t.lifecycle
        kinds = {"create": of.effects_on_create, "void": of.effects_on_void, "change": of.effects_on_change}
        kinds |= {x.action: x.effects for x in of.transitions}
        for cause, caused in kinds.items():
            yield from dict.fromkeys(("effect", t.path, cause, e.action) for e in caused)


def kept() -> Iterator[Rule]:
    """The types of records that the kept columns of another look at."""
    for t in REGISTRY:
        if any(True for _ in kept_columns(t)):
            looked_at = {REGISTRY.by_name[d.type].path for d in t.access.looks_at}
            yield from (("kept", t.path, f.name) for f in t.references if f.to in looked_at)


def unique() -> Iterator[Rule]:
    """The natural keys, of which one is entered once."""
    yield from (("unique", t.path) for t in REGISTRY if t.unique)


def declared() -> set[Rule]:
    """Every rule that is declared."""
    return {*only_ifs(), *required(), *effects(), *kept(), *unique()}


def judged_by_others() -> set[Rule]:
    """The rules that look at more than the row that is written: a snapshot alone would break them."""
    looking = {
        ("only_if", t.path, x.action)
        for t in REGISTRY
        for x in t.lifecycle.transitions
        if LOOKS.search(" ".join((x.only_if or "", *x.derives.values())))
    }
    return {*({*only_ifs()} & looking), *required(), *kept()}
