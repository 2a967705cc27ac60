"""Proofs: properties that hold in every one of many cases, seeded (`prove`) or named by a test's parameters (`share`).

The suite tries the same few of each. `make proof` tries all of them, goes on where it was stopped, and prints counts.
"""

import os
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

WHOLE = os.environ.get("LEDGER_PROOF") == "whole"
KEPT = Path(__file__).parents[2] / ".proof"  # how many cases of each proof have passed


def share(every: int) -> pytest.MarkDecorator:
    """Of the cases of this test the suite tries the first and each so many after it, `make proof` all.

    `every` divides by no number of values of a parameter, so that each value comes.
    """
    return pytest.mark.share(every)


def left_out(tests: list[Any]) -> list[Any]:
    """The cases that the suite does not try."""
    if WHOLE:
        return []
    tried = Counter[str]()
    found = []
    for test in tests:
        if marker := test.get_closest_marker("share"):
            name = test.nodeid.partition("[")[0]
            if tried[name] % marker.args[0]:
                found.append(test)
            tried[name] += 1
    return found


async def prove(name: str, cases: int, share: int, case: Callable[[int], Awaitable[int]]) -> None:
    """Try a case for each seed; a case gives how many comparisons it made, and raises where one fails.

    share   how many of the cases the suite tries
    """
    if not WHOLE:
        compared = [await case(seed) for seed in range(share)]
        assert all(compared), "a case that compares nothing proves nothing"
        return
    KEPT.mkdir(exist_ok=True)
    kept = KEPT / name
    done, compared_in_all = map(int, kept.read_text().split()) if kept.exists() else (0, 0)
    for seed in range(done, cases):
        compared_in_all += await case(seed)
        kept.write_text(f"{seed + 1} {compared_in_all}")
        if (seed + 1) % 100 == 0 or seed + 1 == cases:
            print(f"{name}: {seed + 1} of {cases} cases, {compared_in_all} comparisons", flush=True)
    assert compared_in_all > cases
