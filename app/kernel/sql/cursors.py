"""Cursors of lists: opaque, signed, and bound to the list they continue (`listing` is a `sql.listing.Listing`)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from app.errors import Refusal


class Listed(Protocol):
    """A record type, or another thing that has a list."""

    @property
    def path(self) -> str:
        """The last part of its address."""


def _fingerprint(t: Listed, listing: Any) -> str:
    asked = [t.path, [(c.sql, c.value) for c in listing.conditions], listing.sort]
    return hashlib.sha256(orjson.dumps(asked, default=str)).hexdigest()[:16]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()[:12]


def cursor_text(key: bytes, t: Listed, listing: Any, last: Sequence[Any]) -> str:
    """The cursor of the page that follows `last`, the sort keys of the last row shown."""
    payload = orjson.dumps([_fingerprint(t, listing), list(last)], default=str)
    return base64.urlsafe_b64encode(_mac(key, payload) + payload).decode().rstrip("=")


def cursor_values(key: bytes, t: Listed, listing: Any) -> list[Any] | None:
    """The sort keys after which the page starts; None for the first page. Refuses with `bad_cursor` (400)."""
    if listing.cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(listing.cursor + "=" * (-len(listing.cursor) % 4))
        mac, payload = raw[:12], raw[12:]
        if not hmac.compare_digest(mac, _mac(key, payload)):
            raise ValueError
        fingerprint, last = orjson.loads(payload)
    except ValueError:
        raise Refusal("bad_cursor") from None
    if fingerprint != _fingerprint(t, listing):
        raise Refusal("bad_cursor")
    values: list[Any] = last
    return values


SORT_TYPES = {"created_at": "timestamptz", "updated_at": "timestamptz", "id": "uuid", "number": "text", "state": "text"}


def after(sort: Sequence[tuple[str, bool]], last: Sequence[Any], arguments: list[Any]) -> str:
    """SQL for the rows that sort after `last`. Empty values sort last in either direction."""
    alternatives, equal = [], []
    for (column, descending), value in zip(sort, last, strict=True):
        kind = SORT_TYPES.get(column, "date")
        if value is None:
            equal.append(f"t.{column} is null")
            continue
        arguments.append(value)
        bound = f"${len(arguments)}::text::{kind}"
        beyond = f"t.{column} {'<' if descending else '>'} {bound}"
        if column not in SORT_TYPES:
            beyond = f"({beyond} or t.{column} is null)"
        alternatives.append(" and ".join([*equal, beyond]))
        equal.append(f"t.{column} = {bound}")
    if (
        len(sort) == 2 and sort[0][1] == sort[1][1] and sort[0][0] in SORT_TYPES
    ):  # one comparison of a row uses the index
        operator = "<" if sort[0][1] else ">"
        n = len(arguments)
        first, second = f"${n - 1}::text::{SORT_TYPES[sort[0][0]]}", f"${n}::text::uuid"
        return f"(t.{sort[0][0]}, t.id) {operator} ({first}, {second})"
    return "(" + " or ".join(f"({a})" for a in alternatives) + ")" if alternatives else "false"
