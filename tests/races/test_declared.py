"""Whatever looks at other records says so, and is tried by two writers."""

import re

from app.records import REGISTRY

# A statement over another table, or a function of ours, which may read one; not what is known of the caller.
LOOKS = re.compile(
    r"(?<!distinct )\bfrom\b|\b(?!array_append|array_remove|coalesce|nullif|caller_grants)[a-z]+_[a-z_]+\("
)
# The only transitions that look at others and lock none of them. Their unit may become kin, or no longer be, while the
# clue is proposed: that is asked once more when it is confirmed, and by the trigger that refuses a kin.
JUDGED_AGAIN = {("clues", "rehold")}


def test_a_transition_that_looks_at_other_records_names_them() -> None:
    """Those that are internal are locked by the write that causes them."""
    found = {
        (t.path, x.action)
        for t in REGISTRY
        for x in t.lifecycle.public
        if LOOKS.search(" ".join((x.only_if or "", *x.derives.values())))
    }
    named = {(t.path, x.action) for t in REGISTRY for x in t.lifecycle.public if x.judged_with}
    assert found - named == JUDGED_AGAIN
    assert named == {
        ("units", "merge"), ("units", "confirm_merge"), ("units", "unmerge"), ("clues", "confirm_rehold"),
    }, "each of these has a pair in this folder: a new one needs its own"  # fmt: skip


def test_a_rule_that_reads_other_records_locks_what_it_requires() -> None:
    required = {(t.path, f.name) for t in REGISTRY for f in t.references if f.requires}
    assert required == {
        ("clues", "person"), ("clues", "holder_unit"), ("clues", "handling_unit"),
        ("clue-transfers", "to_unit"), ("clue-transfers", "clue"), ("case-filings", "person"),
    }, "each of these has a pair in this folder: a new one needs its own"  # fmt: skip


def test_an_effect_moves_records_of_these_types_alone() -> None:
    caused = {
        (t.path, e.action, REGISTRY.by_path[t.reference(e.reference).to].path)
        for t in REGISTRY
        for e in t.lifecycle.effects
    }
    assert caused == {
        ("rectification-opinions", "begin_rectification", "findings"),
        ("rectification-opinions", "finish_rectification", "findings"),
        ("rectification-opinions", "resume_rectification", "findings"),
        ("look-backs", "reopen", "findings"),
        ("clue-transfers", "be_held", "clues"), ("clue-transfers", "transfer", "clues"),
        ("clue-transfers", "come_back", "clues"),
        ("units", "absorb", "units"), ("units", "release", "units"),
    }, "each of these has a pair in this folder: a new one needs its own"  # fmt: skip
