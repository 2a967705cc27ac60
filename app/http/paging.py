"""Paging of lists that are not of a record type: parameters, their documentation, the link to the next page."""

from typing import Any

from starlette.requests import Request

from app.kernel.sql import listing

PRIVATE = {"Cache-Control": "private, no-store", "Vary": "Authorization"}
PAGING: dict[str, tuple[str, dict[str, Any]]] = {
    "limit": (
        "每页条数",
        {"type": "integer", "minimum": 1, "maximum": listing.MAX_LIMIT, "default": listing.DEFAULT_LIMIT},
    ),
    "cursor": ("下一页的游标，取自上一页的 next_cursor", {"type": "string"}),
}


def documented(**parameters: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Query parameters for the document alone. Routes read them with `only`, after authentication (contract 1)."""
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            for name, (text, schema) in parameters.items()
        ]
    }


def paging(given: dict[str, str]) -> tuple[int, str | None]:
    """Limit and cursor of a request. Refuses with `bad_query`."""
    return listing.page_limit(given.get("limit", str(listing.DEFAULT_LIMIT))), given.get("cursor")


def paged(request: Request, cursor: str | None) -> dict[str, str]:
    """The headers of a page, with the link to the next page if there is one."""
    if cursor is None:
        return PRIVATE
    url = request.url.include_query_params(cursor=cursor)
    return {**PRIVATE, "Link": f'<{url.path}?{url.query}>; rel="next"'}
