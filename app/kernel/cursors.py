"""Cursors of lists: opaque, signed, and bound to the question they answer (`listing` is a `query.Listing`)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Protocol

import orjson

from app.errors import Refusal


class Listed(Protocol):
    """What is listed."""

    @property
    def path(self) -> str:
        """The last part of its address."""


def _fingerprint(t: Listed, listing: Any) -> str:
    asked = [t.path, [(c.sql, c.value) for c in listing.conditions], listing.sort]
    return hashlib.sha256(orjson.dumps(asked, default=str)).hexdigest()[:16]


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()[:12]


def cursor_text(key: bytes, t: Listed, listing: Any, last: Sequence[Any]) -> str:
    """An opaque, signed cursor bound to the question it answers."""
    payload = orjson.dumps([_fingerprint(t, listing), list(last)], default=str)
    return base64.urlsafe_b64encode(_mac(key, payload) + payload).decode().rstrip("=")


def cursor_values(key: bytes, t: Listed, listing: Any) -> list[Any] | None:
    """Where the page starts. Refuses with `bad_cursor` a cursor that this question did not give."""
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
