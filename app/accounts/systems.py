"""Clients and API keys: the service makes their identifiers and secrets, shows a secret once, and keeps its digest."""

import secrets
from typing import Any

from app.accounts import register
from app.accounts.binding import Binding, field_errors
from app.accounts.second_person import Maker
from app.auth import api_keys, credentials, passwords
from app.auth.principals import Principal
from app.db.pool import Pools
from app.errors import invalid

CLIENT, API_KEY = "client", "api_key"  # kinds of principals


async def add(pools: Pools, kind: str, by: Maker, label: str, **bound: Any) -> tuple[Principal, str]:
    """A new client or API key, and its secret. Refuses with `validation_failed`."""
    binding = Binding(**bound)
    if found := field_errors(binding, kind):
        raise invalid(*found)
    identifier = api_keys.new_identifier() if kind == API_KEY else f"client-{secrets.token_hex(4)}"
    secret, digest = await _secret(kind, identifier)
    return await register.insert(pools, identifier, kind, binding, digest, by, label), secret


async def rotate(pools: Pools, principal: Principal, overlap_minutes: int, by: Maker) -> str:
    """Another secret. The former one holds for `overlap_minutes` more, so that a running system is not cut off.

    One with a role that two persons open is cut off until the second has confirmed, because the first knows the secret.
    """
    secret, digest = await _secret(principal.kind, principal.id)
    async with register.changing(pools, principal.id, "rotate", by) as (connection, _):
        await credentials.replace(connection, principal.id, digest, by.name, overlap_minutes)
    return secret


async def _secret(kind: str, identifier: str) -> tuple[str, str]:
    if kind == API_KEY:
        return api_keys.generated(identifier)
    secret = secrets.token_urlsafe(32)
    return secret, await passwords.hashed(secret)
