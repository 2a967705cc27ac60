"""What the token endpoint is asked (RFC 6749): one grant, and the name and secret that go with it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from app.errors import Refusal

PASSWORD, CLIENT = "password", "client_credentials"  # names of grants
MOST_FIELDS, LONGEST = 20, 200
KINDS = {PASSWORD: "account", CLIENT: "client"}
# RFC 6749 5.2. A grant that is refused is answered 401 like every other refusal of who somebody is.
REFUSED = {PASSWORD: "invalid_grant", CLIENT: "invalid_client"}


@dataclass(frozen=True)
class Grant:
    """Who wants a token by which grant."""

    grant: str
    name: str
    secret: str

    @property
    def kind(self) -> str:
        """The kind of principal that the grant is for."""
        return KINDS[self.grant]


def bad(error: str, what: str) -> Refusal:
    """A token request that is not understood."""
    return Refusal("bad_token_request", what=what, members={"error": error})


def read_form(body: bytes) -> dict[str, str]:
    """The members of the form, each given once."""
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
    """The grant that is asked for; `basic` is the Authorization header, by which a client may name itself."""
    asked = form.get("grant_type", PASSWORD)
    if asked == PASSWORD:
        return Grant(asked, _given(form, "username"), _given(form, "password"))
    if asked != CLIENT:
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
    return value[: LONGEST + 1]  # longer than any secret that was ever taken, so it is wrong anyway


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
    """The address that requests are counted by: of IPv6 the network, because a host has as many as it likes."""
    host = client[0] if client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    return address.exploded[:19] if address.version == 6 else host
