"""The page `/docs`: Swagger UI in Chinese, from our own files only, because an intranet reaches no CDN."""

import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI, HTTPException, Request, Response

STATIC = Path(__file__).parent / "static"
CSP = (
    "default-src 'self'; img-src 'self' data:; "  # Swagger UI's stylesheet carries its icons as data
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Not left to `mimetypes`: its guesses depend on the machine, and with `nosniff` a wrong one breaks the page.
MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    """One public file, read once: its bytes, the same packed, its media type and content hash."""

    plain: bytes
    packed: bytes
    media_type: str
    digest: str


def _asset(body: bytes, suffix: str) -> Asset:
    media_type = MEDIA_TYPES.get(suffix, "text/plain") + "; charset=utf-8"
    return Asset(body, gzip.compress(body, mtime=0), media_type, sha256(body).hexdigest()[:16])


@cache
def assets() -> dict[str, Asset]:
    """Every file served under `/docs/assets/`, by its name there; nothing else is reachable."""
    files = [STATIC / "docs.js", STATIC / "docs.css", *(STATIC / "swagger-ui").iterdir()]
    return {file.relative_to(STATIC).as_posix(): _asset(file.read_bytes(), file.suffix) for file in files}


@cache
def page() -> Asset:
    """The page. Its links carry content hashes, so that browsers may keep the files for good."""
    html = (STATIC / "docs.html").read_text(encoding="utf-8")
    stamped = re.sub(r"docs/assets/([\w./-]+)", lambda m: f"{m[0]}?v={assets()[m[1]].digest}", html)
    return _asset(stamped.encode(), ".html")


def _answer(request: Request, asset: Asset, caching: str) -> Response:
    packed = "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{asset.digest}{"-gz" if packed else ""}"'
    headers = {"Cache-Control": caching, "ETag": etag, "Vary": "Accept-Encoding"}
    headers |= {"Content-Security-Policy": CSP, "Referrer-Policy": "same-origin"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Encoding": "gzip"} if packed else {}
    return Response(asset.packed if packed else asset.plain, headers=headers, media_type=asset.media_type)


def mount_docs(app: FastAPI) -> None:
    """Serve the page at `/docs` and its files under `/docs/assets/`, both without a token.

    `app` must be made with `docs_url=None`: FastAPI's own page loads from a CDN and would come first.
    """
    if app.docs_url is not None:
        raise ValueError("make the app with FastAPI(docs_url=None)")

    async def docs(request: Request) -> Response:
        return _answer(request, page(), "no-cache")

    async def docs_asset(request: Request) -> Response:
        asset = assets().get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        current = request.query_params.get("v") == asset.digest
        return _answer(request, asset, "public, max-age=31536000, immutable" if current else "no-cache")

    app.router.add_route("/docs", docs, include_in_schema=False)
    app.router.add_route("/docs/assets/{name:path}", docs_asset, include_in_schema=False)
