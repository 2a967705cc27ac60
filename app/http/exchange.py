"""One HTTP exchange: what every route reads from its request, and the headers with which a record is answered."""

import re
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Header
from starlette.requests import Request

from app.errors import Refusal
from app.http.service import Service
from app.kernel.declare.record_type import RecordType
from app.kernel.sql.listing import bad_query
from app.kernel.store import RequestContext
from app.strict_json import load

JSON, PATCH, DIFF = "application/json", "application/merge-patch+json", "application/json-patch+json"
OWN_ACCOUNT = "/v1/me/"
SAVES_NOTHING = ("/v1/oauth/token", "/v1/persons/find")  # what is asked with POST so that no address holds a secret
NOT_YET = ("as_of", "until", "purpose")  # parameters that the contract promises: refused by name
KEY = "Idempotency-Key"
_KEY = re.compile(rb'("?)([!#-\[\]-~]{1,255})\1')
_VERSION = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def service_of(request: Request) -> Service:
    """The service that answers this request."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


def saves(scope: Any) -> bool:
    """Whether the request is to change something, so that its caller must know whether that was saved."""
    return scope["method"] not in ("GET", "HEAD", "OPTIONS") and scope["path"] not in SAVES_NOTHING


async def request_context(request: Request) -> RequestContext:
    """The context of a request. Every route that needs a token calls this first.

    Refuses with `unauthenticated`; then, of a write, with `bad_idempotency_key`, before anything else is looked at;
    with `password_must_change` or `role_unconfirmed` wherever the path is not the caller's own account.
    """
    service = service_of(request)
    caller = await service.authenticator.caller(_bearer(request.scope))
    if saves(request.scope):
        key_of(request)
    if caller.barred and not f"{request.scope['path']}/".startswith(OWN_ACCOUNT):
        raise Refusal(caller.barred)
    return RequestContext(service.runtime, caller, request.scope["request_id"])


def _bearer(scope: Any) -> str:
    """The token or API key: in one Authorization header, and never in the address, because addresses are logged."""
    found = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            if found is not None:
                raise Refusal("unauthenticated")
            found = value
    if found is None or found[:7].lower() != b"bearer " or b"access_token=" in scope["query_string"]:
        raise Refusal("unauthenticated")
    token: str = found[7:].decode("latin-1").strip()
    return token


def query_parameters(request: Request) -> list[tuple[str, str]]:
    """The query parameters in their order. Refuses with `bad_query` (400) the first one that is no UTF-8."""
    query_string: bytes = request.scope["query_string"]
    if not query_string:
        return []
    try:
        return parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise _not_utf_8(query_string) from None


def _not_utf_8(query_string: bytes) -> Refusal:
    """The refusal that names the parameter, which a strict reading of the whole query does not tell."""
    text = query_string.decode(errors="surrogateescape")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
        try:
            f"{name}={value}".encode()
        except UnicodeEncodeError:
            return bad_query(name.encode(errors="replace").decode(), "not_utf_8")
    raise AssertionError("a query that is UTF-8")


def only(request: Request, *names: str) -> dict[str, str]:
    """The query parameters, which must be among these, each given once. Refuses with `bad_query` (400)."""
    found: dict[str, str] = {}
    for name, value in query_parameters(request):
        if name in NOT_YET and name not in names:
            raise Refusal("not_available_yet", name=name)
        if name not in names:
            raise bad_query(name, "unknown_parameter", allowed=list(names))
        if name in found:
            raise bad_query(name, "given_twice")
        found[name] = value
    return found


def whole_number(name: str, text: str) -> int:
    """A query parameter that is a whole number of at most nine digits. Refuses with `bad_query` (400)."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_query(name, "not_whole")
    return int(text)


def check_media(request: Request, media: str) -> None:
    """Refuse a body of another media type with `wrong_media_type` (415)."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    charset = rest.strip().lower()
    if kind.strip().lower() != media or (charset and charset.replace('"', "") != "charset=utf-8"):
        headers = {"Accept-Patch": PATCH} if media == PATCH else {}
        raise Refusal("wrong_media_type", allowed=media, headers=headers)


async def json_body(request: Request, media: str = "") -> Any:
    """The JSON value of the body, which must be of this media type if one is named."""
    if media:
        check_media(request, media)
    return load(await request.body())


def if_match(request: Request) -> int | None:
    """The version that If-Match names; None without the header. Refuses with `bad_if_match` (400)."""
    given = request.headers.get("if-match")
    if given is None or not given.strip():
        return None
    match = _VERSION.fullmatch(given.strip())
    if not match:
        raise Refusal("bad_if_match")
    return int(match[1])


def key_of(request: Request) -> str | None:
    """The Idempotency-Key, without quotes; None without the header. Refuses with `bad_idempotency_key` (400)."""
    given = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    match = _KEY.fullmatch(given[0].strip())
    if len(given) > 1 or match is None:
        raise Refusal("bad_idempotency_key")
    return match[2].decode()


def documented_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias=KEY,
            description="可不填。断线后重发同一请求时填同一个值（如 UUID，至多 255 个可见 ASCII 字符）："
            "7 天内只办一次，重发的答复与第一次一样，并带 Idempotent-Replayed: true。换了内容须换新值。",
            examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
        ),
    ] = None,
) -> None:
    """What the document says of the header. The routes read it themselves (`key_of`), after the token."""


REPEATABLE = Depends(documented_key)  # of every route that writes


def not_modified(request: Request, version: int) -> bool:
    """Whether If-None-Match names this version."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")]
    return "*" in tags or str(version) in tags


def record_headers(t: RecordType, version: int) -> dict[str, str]:
    """The headers of an answer that is one record."""
    return {"ETag": f'"{version}"', "Cache-Control": kept(t), "Vary": "Authorization"}


def kept(t: RecordType) -> str:
    """How a browser may keep a record of this type: on disk only if it names nobody."""
    return "private, no-store" if t.names_persons else "private, no-cache"


def language(header: str) -> str:
    """'zh' or 'en' from Accept-Language; Chinese unless English is preferred."""
    best, weight = "zh", 0.0
    for part in header.split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        try:
            q = float(parameters.partition("q=")[2] or 1)
        except ValueError:
            continue
        code = tag.strip().lower()[:2]
        if code in ("zh", "en") and q > weight:
            best, weight = code, q
    return best
