"""A caller in the same process: the application is called as its server calls it, without a socket and without httpx.

httpx cost more processor time than the application it called: half of a test of the access matrix (measured).
"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode

import httpx
import orjson

from tests.support.documented import check

# What a client leaves as it stands in an address: escapes, and all that RFC 3986 lets stand.
SAFE = "%/?:@!$&'()*+,;=~-._[]{}|^`\\"
Auth = Callable[[str, str], Iterable[str]]  # method and path: the tokens to try, until one is neither 403 nor 404
NOTHING: Any = object()


class Headers(dict[str, str]):
    """Header fields, whatever the case of their names."""

    def __init__(self, given: Mapping[str, str] = {}) -> None:
        super().__init__({name.lower(): value for name, value in given.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or `default`."""
        return super().get(name.lower(), default)


class Answer:
    """What the application answered."""

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], content: bytes) -> None:
        self.status_code, self.content = status, content
        self.headers = Headers()
        for name, value in headers:
            known = self.headers.get(name.decode())
            self.headers[name.decode()] = f"{known}, {value.decode()}" if known else value.decode()
        if self.headers.get("content-encoding") == "gzip":
            self.content = gzip.decompress(content)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()

    def json(self) -> Any:
        """The body as JSON, made anew at every call."""
        return orjson.loads(self.content)


class Client:
    """Calls an application. `headers` go with every request; `host` is the address it seems to come from."""

    def __init__(
        self, app: Any, *, headers: Mapping[str, str] = {}, auth: Auth | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.app, self.auth, self.host = app, auth, host
        self.headers = Headers({"Host": "ledger", "Accept": "*/*", **headers})

    async def get(self, url: str, **rest: Any) -> Answer:
        """A GET."""
        return await self.request("GET", url, **rest)

    async def head(self, url: str, **rest: Any) -> Answer:
        """A HEAD."""
        return await self.request("HEAD", url, **rest)

    async def post(self, url: str, **rest: Any) -> Answer:
        """A POST."""
        return await self.request("POST", url, **rest)

    async def patch(self, url: str, **rest: Any) -> Answer:
        """A PATCH."""
        return await self.request("PATCH", url, **rest)

    async def put(self, url: str, **rest: Any) -> Answer:
        """A PUT."""
        return await self.request("PUT", url, **rest)

    async def delete(self, url: str, **rest: Any) -> Answer:
        """A DELETE."""
        return await self.request("DELETE", url, **rest)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[Any, Any] | Sequence[tuple[Any, Any]] = (),
        auth: Auth | None = None,
        **body: Any,
    ) -> Answer:
        """The answer; `body` is one of `json`, `content` (bytes, text or an async iterator), `data` and `files`.

        `headers` take the place of those of the same name; a list of pairs may give one of them twice.
        """
        path, _, query = quote(url, safe=SAFE).partition("?")
        if params is not None:
            query = urlencode(params, doseq=True)
        content, about = _body(**body)
        own = [
            (_bytes(k).lower(), _bytes(v)) for k, v in (headers.items() if isinstance(headers, Mapping) else headers)
        ]
        given = {name for name, _ in own}
        fields = {_bytes(k).lower(): _bytes(v) for part in (self.headers, about) for k, v in part.items()}
        fields = {name: value for name, value in fields.items() if name not in given}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method.upper(),
            "scheme": "http", "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
            "root_path": "", "server": ("ledger", 80), "client": (self.host, 123),
        }  # fmt: skip
        auth = None if b"authorization" in given else auth or self.auth
        for token in auth(scope["method"], path) if auth else ("",):
            if token:
                fields[b"authorization"] = f"Bearer {token}".encode()
            answer = await _call(self.app, {**scope, "headers": [*fields.items(), *own]}, content)
            check(scope["method"], scope["path"], answer)
            if answer.status_code not in (403, 404):
                break
        return answer


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("ascii")


def _body(json: Any = NOTHING, content: Any = None, data: Any = None, files: Any = None) -> tuple[Any, dict[str, str]]:
    """The bytes of a body, or an iterator of them, and the header fields that say what it is."""
    if json is not NOTHING:
        content, media = _dumps(json), "application/json"
    elif files is not None:
        form = httpx.Request("POST", "http://ledger", data=data, files=files)
        content, media = form.read(), form.headers["Content-Type"]
    elif data is not None:
        content, media = urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"
    elif isinstance(content, AsyncIterator):
        return content, {"Transfer-Encoding": "chunked"}
    elif content is None:
        return b"", {}
    else:
        content, media = content.encode() if isinstance(content, str) else content, ""
    return content, {"Content-Length": str(len(content))} | ({"Content-Type": media} if media else {})


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def over_http(url: str, token: str = "") -> httpx.Client:
    """A caller of a service in another process; its answers are held against the document, too."""

    def checked(answer: httpx.Response) -> None:
        answer.read()
        check(answer.request.method, answer.request.url.path, answer)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, timeout=60, event_hooks={"response": [checked]})


async def _call(app: Any, scope: Any, content: Any) -> Answer:
    """One request through the application; what it raises is raised."""
    pieces = content if isinstance(content, AsyncIterator) else None
    sent, ended = False, asyncio.Event()
    status, fields, body = 0, [], bytearray()

    async def receive() -> Any:
        nonlocal sent
        if sent:
            await ended.wait()
            return {"type": "http.disconnect"}
        if pieces is not None and (piece := await anext(pieces, None)) is not None:
            return {"type": "http.request", "body": piece, "more_body": True}
        sent = True
        return {"type": "http.request", "body": b"" if pieces is not None else content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, fields
        if message["type"] == "http.response.start":
            status, fields = message["status"], message["headers"]
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                ended.set()

    await app(scope, receive, send)
    assert ended.is_set(), "the application has not answered"
    return Answer(status, fields, bytes(body))
