"""The office's writes from many accounts: the service gathers those of one caller into one statement, not theirs."""

from benchmarks import findings
from benchmarks.accounts import CALLERS, OFFICE, sign_in
from benchmarks.bench import Bench, Side
from benchmarks.requests import Question

_NAMES = {request: f"{request}, {len(CALLERS)} callers" for request in ("create", "patch")}
QUESTIONS = tuple(Question(name, request, name) for request, name in _NAMES.items())


def join(bench: Bench, side: Side) -> None:
    """Gives the service these requests: each takes the next caller."""
    tokens = [sign_in(side.base, name) for name in CALLERS]
    side.loads[_NAMES["create"]] = findings.create(bench, *tokens)
    side.loads[_NAMES["patch"]] = findings.patch(bench, *tokens)
    side.versions[_NAMES["patch"]] = findings.versions(OFFICE)
