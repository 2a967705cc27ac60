"""Reading a token request (RFC 6749): the grant, and the name and secret that go with it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from app.errors import Refusal

PASSWORD_GRANT, CLIENT_GRANT = "password", "client_credentials"  # grant_type
MOST_FIELDS, LONGEST_VALUE = 20, 200
KIND_OF_GRANT = {PASSWORD_GRANT: "account", CLIENT_GRANT: "client"}
# `error` of a refused grant (RFC 6749 5.2). Its status is 401, as that of every other refused authentication.
OAUTH_ERRORS = {PASSWORD_GRANT: "invalid_grant", CLIENT_GRANT: "invalid_client"}


@dataclass(frozen=True)
class Grant:
    """The grant, name and secret of a token request."""

    grant: str
    name: str
    secret: str

    @property
    def kind(self) -> str:
        """The kind of principal that this grant is for."""
        return KIND_OF_GRANT[self.grant]


def bad(error: str, what: str) -> Refusal:
    """The refusal of a token request that cannot be understood."""
    return Refusal("bad_token_request", what=what, members={"error": error})


def read_form(body: bytes) -> dict[str, str]:
    """The fields of the form, each given once. Refuses with `bad_token_request`."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, encoding="utf-8", errors="strict"
        )
    except UnicodeDecodeError:
        raise bad("invalid_request", "UTF-8") from None
    except ValueError:
        raise bad("invalid_request", f"> {MOST_FIELDS}") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        twice = next(name for name, _ in pairs if sum(n == name for n, _ in pairs) > 1)
        raise bad("invalid_request", f"{twice[:40]} × 2")
    return form


def grant_of(form: Mapping[str, str], basic: str) -> Grant:
    """The grant of a form; `basic` is the Authorization header, by which a client may name itself (RFC 6749 2.3.1)."""
    asked = form.get("grant_type", PASSWORD_GRANT)
    if asked == PASSWORD_GRANT:
        return Grant(asked, _given(form, "username"), _given(form, "password"))
    if asked != CLIENT_GRANT:
        raise bad("unsupported_grant_type", "grant_type")
    if basic:
        if "client_secret" in form:
            raise bad("invalid_request", "Authorization + client_secret")
        name, secret = _basic(basic)
        return Grant(
            asked, _given({"client_id": name}, "client_id"), _given({"client_secret": secret}, "client_secret")
        )
    return Grant(asked, _given(form, "client_id"), _given(form, "client_secret"))


def _given(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value or "\x00" in value:
        raise bad("invalid_request", f"缺少 {name}")
    return value[: LONGEST_VALUE + 1]  # longer than any secret, so it is wrong anyway


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        if not colon:
            raise ValueError
    except (ValueError, binascii.Error):
        raise bad("invalid_request", "Authorization: Basic") from None
    return unquote_plus(name), unquote_plus(secret)


def source_of(client: Any) -> str:
    """The address by which requests are limited: of IPv6 the /64 network, because a host can choose within it."""
    host = client[0] if client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    return address.exploded[:19] if address.version == 6 else host
