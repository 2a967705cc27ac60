"""The clerk's page without a browser: it loads for anyone, is strict, and names no file outside the house."""

import re
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI

from app.http.docs_page import STATIC, mount_docs
from tests.support.client import Answer, Client

OURS = ["docs.html", "docs.js", "docs.css", "swagger-ui/favicon.svg"]
SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'  # a name, never fetched


class Links(HTMLParser):
    """Collects what a browser fetches for a page, and code written into the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.targets += [value for name in ("src", "href", "srcset", "action") if (value := values.get(name))]
        self.inline += [name for name in values if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in values):
            self.inline.append(tag)


async def get(path: str, **headers: str) -> Answer:
    app = FastAPI(docs_url=None)
    mount_docs(app)
    return await Client(app).get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def links() -> Links:
    found = Links()
    found.feed((await get("/docs")).text)
    return found


def policy(answer: Answer) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: value for name, _, value in parts}


async def test_the_page_loads_without_a_token_in_chinese() -> None:
    answer = await get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert '<html lang="zh-CN">' in answer.text
    assert "<title>巡察台账</title>" in answer.text


async def test_the_policy_admits_our_own_origin_only() -> None:
    rules = policy(await get("/docs"))
    assert rules["default-src"] == "'self'"
    assert rules["img-src"] == "'self' data:"
    assert rules["frame-ancestors"] == "'none'"
    assert not any("unsafe" in value or "http" in value or "*" in value for value in rules.values())


async def test_the_page_carries_no_code_of_its_own() -> None:
    assert (await links()).inline == []


async def test_every_file_the_page_names_is_ours_and_kept_for_good() -> None:
    targets = (await links()).targets
    assert {target.partition("?")[0].rpartition("/")[2] for target in targets} == {
        "favicon.svg", "swagger-ui.css", "docs.css", "swagger-ui-bundle.js", "docs.js",
    }  # fmt: skip
    for target in targets:
        assert target.startswith("docs/assets/"), "relative, so that a path prefix behind a proxy works"
        answer = await get(f"/{target}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("docs.js", "text/javascript; charset=utf-8"),
        ("docs.css", "text/css; charset=utf-8"),
        ("swagger-ui/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui/favicon.svg", "image/svg+xml; charset=utf-8"),
        ("swagger-ui/LICENSE", "text/plain; charset=utf-8"),
    ],
)
async def test_an_asset_arrives_unchanged_under_its_own_type(name: str, media_type: str) -> None:
    for coding in ("gzip", "identity"):
        answer = await get(f"/docs/assets/{name}", Accept_Encoding=coding)
        assert answer.headers["content-type"] == media_type
        assert answer.content == (STATIC / name).read_bytes()
        assert (answer.headers.get("content-encoding") == "gzip") is (coding == "gzip")


async def test_an_unchanged_asset_is_not_sent_again() -> None:
    first = await get("/docs/assets/docs.js")
    again = await get("/docs/assets/docs.js", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "no-cache", "without its hash a name may change its content"


@pytest.mark.parametrize("name", ["docs.html", "../docs_page.py", "%2e%2e/docs_page.py", "swagger-ui", "no.js", ""])
async def test_nothing_else_is_reachable(name: str) -> None:
    assert (await get(f"/docs/assets/{name}")).status_code == 404


@pytest.mark.parametrize("name", OURS)
def test_our_files_address_no_other_host(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8").replace(SVG_NAMESPACE, "")
    assert not re.search(r"https?:|wss?:|[\"'(=]//\w", text)


def test_our_script_writes_data_as_text_only() -> None:
    script = (STATIC / "docs.js").read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\b", script)


def test_vendored_files_are_those_written_down() -> None:
    folder = STATIC / "swagger-ui"
    note = (folder / "VENDORED.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| `([^`]+)` \|[^|]+\| `([0-9a-f]{64})` \|$", note, re.MULTILINE))
    found = {
        file.name: sha256(file.read_bytes()).hexdigest() for file in folder.iterdir() if file.name != "VENDORED.md"
    }
    assert written == found
    assert {"LICENSE", "NOTICE"} <= found.keys()


def test_fastapis_own_page_may_not_come_first() -> None:
    with pytest.raises(ValueError, match="docs_url=None"):
        mount_docs(FastAPI())


async def test_the_page_stays_out_of_the_document() -> None:
    app = FastAPI(docs_url=None)
    mount_docs(app)
    assert app.openapi()["paths"] == {}


async def test_the_large_script_travels_packed() -> None:
    body = (STATIC / "swagger-ui" / "swagger-ui-bundle.js").read_bytes()
    answer = await get("/docs/assets/swagger-ui/swagger-ui-bundle.js", Accept_Encoding="gzip")
    assert int(answer.headers["content-length"]) < len(body) / 2
