"""Entity tags: a record's version in quotes."""

import re

from starlette.requests import Request

from app.errors import Refusal

_ONE = re.compile(r'(?:W/)?"?(\d{1,9})"?')


def if_match(request: Request) -> int | None:
    """The version named by If-Match, or None if there is none. Refuses with `bad_if_match`."""
    given = request.headers.get("if-match")
    if given is None or not given.strip():
        return None
    match = _ONE.fullmatch(given.strip())
    if not match:
        raise Refusal("bad_if_match")
    return int(match[1])


def not_modified(request: Request, version: int) -> bool:
    """Whether If-None-Match names the current version."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in given.split(",")]
    return "*" in tags or str(version) in tags


def record_headers(version: int) -> dict[str, str]:
    """The headers of a record's answer."""
    return {"ETag": f'"{version}"', "Cache-Control": "private, no-cache", "Vary": "Authorization"}
