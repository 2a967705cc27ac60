"""Whatever looks at other records says so, and is tried by two writers."""

import importlib
import pkgutil

import tests.races
from app.records import REGISTRY
from tests.races import pairs

for module in pkgutil.iter_modules(tests.races.__path__):
    if module.name.startswith("test_") and module.name != "test_declared":
        importlib.import_module(f"tests.races.{module.name}")
# The only transitions that look at others and lock none of them. Their unit may become kin, or no longer be, while the
# clue is proposed: that is asked once more when it is confirmed, and by the trigger that refuses a kin.
JUDGED_AGAIN = {("only_if", "clues", "rehold")}
BESIDE = {("last administrator",)}  # rules that are no declaration of a record type


def test_every_rule_has_a_pair_and_no_pair_tries_a_rule_that_is_gone() -> None:
    """A new condition, effect, reference that a rule reads, kept column or natural key needs a proof in this folder."""
    tried = pairs.TRIED.keys()
    assert sorted(pairs.declared() - tried) == [] and tried - pairs.declared() == BESIDE
    for rule, proofs in pairs.TRIED.items():
        for proof in proofs:
            assert "proof" in {mark.name for mark in proof.pytestmark}, (rule, proof.__name__)


def test_every_rule_that_looks_at_others_is_shown_to_break_without_its_lock() -> None:
    """Conditions of the written row alone are held by its own lock and its version: nothing can be taken away there."""
    broken = pairs.BROKEN.keys()
    assert sorted(pairs.judged_by_others() - broken) == [] and broken - pairs.judged_by_others() == BESIDE


def test_a_transition_that_looks_at_other_records_names_them() -> None:
    """Those that are internal are locked by the write that causes them."""
    internal = {("only_if", t.path, x.action) for t in REGISTRY for x in t.lifecycle.transitions if x.internal}
    named = {("only_if", t.path, x.action) for t in REGISTRY for x in t.lifecycle.public if x.judged_with}
    looking = pairs.judged_by_others() & {*pairs.only_ifs()}
    assert looking - internal - named == JUDGED_AGAIN and named <= looking
