"""What may go wrong, as values. Every sentence a caller can meet stands in `app/sentences`.

Below the HTTP floor nothing knows about status codes: code raises `Refusal(code, …)`, and the sentence that belongs to
the code says which status it has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one member of a request, or with one cell of a ledger."""

    pointer: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    allowed: Sequence[str] | None = None


class Refusal(Exception):
    """A request that is not carried out. `code` names the sentence; `params` fill it.

    `sentence_code` names another sentence where one code, which callers act upon, has several reasons.
    """

    def __init__(
        self,
        code: str,
        *,
        field_errors: Sequence[FieldError] = (),
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        sentence_code: str = "",
        **params: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.sentence_code = sentence_code or code
        self.field_errors = tuple(field_errors)
        self.members = dict(members or {})
        self.headers = dict(headers or {})
        self.params = params


class Unreadable(Exception):
    """A request that is not read on: the code of its refusal, and what fills the sentence."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def invalid(*field_errors: FieldError) -> Refusal:
    """The refusal of a body that could be read and is wrong (422)."""
    return Refusal("validation_failed", field_errors=field_errors, count=len(field_errors))
