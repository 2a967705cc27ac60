"""A clerk at the page: signs in, enters a finding, feeds it back, reads its history, with nothing but what is shown."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.db.embedded import EmbeddedPostgres
from app.records import REGISTRY
from tests.e2e.conftest import ended, opening, sent
from tests.support.callers import PASSWORD
from tests.support.ledgers import SEED

NAMED = os.environ.get("LEDGER_TEST_CHROMIUM")  # the build server names it: there a missing browser is a failure
CHROMIUM = Path(NAMED or "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SHOTS = os.environ.get("LEDGER_TEST_SHOTS")


@pytest.fixture(scope="module")
def browser(own: tuple[EmbeddedPostgres, Path]) -> Iterator[tuple[Any, str]]:
    """A browser, and the address of a service that holds the seed case: one for all tests, as both start slowly."""
    from playwright.sync_api import sync_playwright  # 0.3 s, which other tests need not wait for

    if not CHROMIUM.exists():
        missing = f"no browser at {CHROMIUM}: apt install chromium (or name one in LEDGER_TEST_CHROMIUM)"
        pytest.fail(missing) if NAMED else pytest.skip(missing)
    with opening(own) as opened:
        server = opened("browser")
        client = server.client("loader")
        assert ended(client, sent(client, (SEED / "ledger.xlsx").read_bytes()))["state"] == "committed"
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
            yield started, server.address
            started.close()


@contextmanager
def loaded(browser: tuple[Any, str]) -> Iterator[Any]:
    """The page, as somebody sees it who was never there; fails if anything is asked of another host."""
    started, address = browser
    elsewhere: list[str] = []
    page = started.new_page(locale="zh-CN", viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(120_000)  # a machine may be busy
    page.on("request", lambda r: None if urlsplit(r.url).hostname in ("127.0.0.1", None) else elsewhere.append(r.url))
    page.on("pageerror", lambda problem: elsewhere.append(f"script: {problem}"))
    page.goto(f"{address}/docs")
    page.wait_for_selector(".opblock-tag")
    yield page
    page.close()
    assert elsewhere == []


@pytest.fixture(scope="module")
def page(browser: tuple[Any, str]) -> Iterator[Any]:
    """A page for all tests, in their order: each loading takes some seconds of processor."""
    with loaded(browser) as page:
        yield page


def shot(page: Any, name: str, at: Any = None) -> None:
    """A picture for whoever wants to look (LEDGER_TEST_SHOTS), from this element on."""
    if SHOTS:
        if at is not None:
            at.first.evaluate("element => element.scrollIntoView()")
        page.screenshot(path=f"{SHOTS}/{name}.png")


def sign_in(page: Any) -> None:
    page.click(".btn.authorize")
    page.fill("#oauth_username", "office")
    page.fill("#oauth_password", PASSWORD)
    shot(page, "sign-in")
    page.click(".auth-container button.authorize")
    page.wait_for_selector(".auth-container button:has-text('退出登录')")
    page.click(".btn-done")


def unfold(page: Any) -> None:
    """Opens the group of findings, as a clerk would."""
    group = page.locator(".opblock-tag[data-tag='03 发现与反馈']")
    group.wait_for()
    if group.get_attribute("data-is-open") != "true":
        group.click()
    page.wait_for_selector("[id='operations-03_发现与反馈-create_finding']")


def opened(page: Any, operation: str) -> Any:
    """The operation's block, ready to be filled in."""
    block = page.locator(f"[id='operations-03_发现与反馈-{operation}']")
    if "is-open" not in block.get_attribute("class"):
        block.locator(".opblock-summary-control").click()
    fill = block.locator(".try-out__btn")
    fill.wait_for()
    if fill.inner_text().strip() == "填写":
        fill.click()
    return block


def carried_out(block: Any) -> tuple[str, Any]:
    """Status and document of the answer that the page shows."""
    block.locator(".execute").click()
    answer = block.locator(".live-responses-table")
    answer.wait_for()
    status = answer.locator(".response-col_status").last.inner_text().split()[0]
    return status, json.loads(answer.locator(".response-col_description pre").first.inner_text())


def key_of(block: Any, key: str) -> None:
    block.locator("tr[data-param-name='key'] input").fill(key)


def test_the_filter_finds_operations_by_what_they_are_called(page: Any) -> None:
    for words, operation in (("销号", "发现问题：销号"), ("登记发现", "登记发现问题")):
        page.fill(".operation-filter-input", words)
        page.locator(".opblock-summary-description", has_text=operation).first.wait_for()
        shown = page.locator(".opblock-summary-description").all_inner_texts()
        assert shown and all(words in text for text in shown), shown
    page.fill(".operation-filter-input", "没有这样的操作")
    page.locator("h3", has_text="没有符合筛选的操作。").wait_for()
    page.fill(".operation-filter-input", "")


def test_a_refusal_names_the_request_and_the_sign_in_speaks_of_no_scopes(page: Any) -> None:
    unfold(page)
    page.click(".btn.authorize")
    assert not page.locator(".scope-def").first.is_visible()
    page.click(".close-modal")
    status, problem = carried_out(opened(page, "list_finding"))
    assert status == "401"
    notice = page.locator(".notice-problem").first.inner_text()
    assert problem["instance"] in notice and problem["code"] in notice


def test_the_page_speaks_chinese(page: Any) -> None:
    unfold(page)
    opened(page, "create_finding")
    shot(page, "list", opened(page, "list_finding"))
    ours = ".opblock-summary-description, .opblock-section-header, .btn, th, .tab-item, .response-col_links"
    words = {w.strip() for w in page.locator(ours).all_inner_texts() for w in w.splitlines()}
    english = {w for w in words if re.fullmatch(r"[A-Za-z][A-Za-z ,.']+", w)}
    assert english <= {"application/json", "OpenAPI", "JSON"}, english


def test_a_clerk_enters_a_finding_feeds_it_back_and_reads_its_history(page: Any) -> None:
    shot(page, "docs")
    unfold(page)
    sign_in(page)
    create = opened(page, "create_finding")
    example = json.loads(create.locator(".opblock-body textarea").input_value())
    assert example["title"] == REGISTRY.by_path["findings"].examples["发现问题"]["title"], "the page's own example"
    status, finding = carried_out(create)
    assert (status, finding["state"], finding["version"]) == ("201", "registered", 1), finding
    notice = create.locator(".notice-version").first.inner_text()
    version = re.search(r"\d+", notice)
    assert version and finding["number"] in json.dumps(finding)
    shot(page, "entry", create)
    shot(page, "created", create.locator(".live-responses-table"))

    feed_back = opened(page, "feed_back_finding")
    key_of(feed_back, finding["number"])
    feed_back.locator("tr[data-param-name='If-Match'] input").fill(version[0])
    status, fed_back = carried_out(feed_back)
    assert (status, fed_back["state"], fed_back["version"]) == ("200", "fed_back", 2), fed_back
    shot(page, "feed-back", feed_back)
    shot(page, "fed-back", feed_back.locator(".live-responses-table"))
    feed_back.locator(".opblock-body textarea").fill('{"on": "2017-06-10"}')
    feed_back.locator(".btn-clear").click()
    status, problem = carried_out(feed_back)  # another day, from the old version: somebody was faster
    assert (status, problem["code"]) == ("412", "stale")
    assert problem["detail"][:6] in feed_back.locator(".notice-problem").first.inner_text()
    shot(page, "stale", feed_back.locator(".live-responses-table"))

    history = opened(page, "list_revisions_of_finding")
    key_of(history, finding["number"])
    status, revisions = carried_out(history)
    assert status == "200"
    assert [(r["version"], r["action"], r["by"]) for r in revisions["items"]] == [
        (2, "feed_back", "office"),
        (1, "create", "office"),
    ]
    shot(page, "history", history)
    shot(page, "revisions", history.locator(".live-responses-table"))


def test_a_clerk_whose_answer_is_lost_clicks_again_and_nothing_is_registered_twice(page: Any) -> None:
    """The service has registered the finding; its answer does not arrive. What the page says then is true."""
    create = opened(page, "create_finding")
    assert not create.locator("tr[data-param-name='Idempotency-Key']").count(), "nobody is asked for a key"
    box = create.locator(".opblock-body textarea")
    box.fill(json.dumps({**json.loads(box.input_value()), "title": "答复丢失的一件"}, ensure_ascii=False))
    keys: list[str] = []

    def lose(route: Any) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()
        route.abort()

    page.route("**/v1/findings", lose, times=1)
    page.on("request", lambda r: keys.append(r.headers["idempotency-key"]) if r.url.endswith("/v1/findings") else None)
    create.locator(".execute").click()
    create.locator(".live-responses-table", has_text="不会重复登记").wait_for()
    shot(page, "lost", create.locator(".live-responses-table"))
    create.locator(".execute").click()
    notice = create.locator(".notice-replay")
    notice.wait_for()
    assert "没有重复登记" in notice.inner_text() and len({*keys}) == 1 and len(keys) == 3
    shot(page, "replayed", create.locator(".live-responses-table"))
    listing = opened(page, "list_finding")
    listing.locator("tr[data-param-name='q'] input").fill("答复丢失的一件")
    status, found = carried_out(listing)
    assert status == "200" and len(found["items"]) == 1
    box.fill(json.dumps({**json.loads(box.input_value()), "title": "另外的一件"}, ensure_ascii=False))
    create.locator(".btn-clear").click()
    status, another = carried_out(create)
    assert status == "201" and another["id"] != found["items"][0]["id"] and len({*keys}) == 2


RESOLVED = """async (path) => {
  const none = { spec: { openapi: "3.1.0", paths: {} }, domNode: document.createElement("div") };
  const spec = ui.getSystem().specSelectors.specJson().toJS(), options = { baseDoc: location.origin };
  const resolved = (at) => at.getSystem().fn.resolveSubtree(spec, path, options).then(JSON.stringify);
  return [await resolved(ui), await resolved(SwaggerUIBundle(none))];
}"""


def test_what_an_operation_needs_of_the_document_tells_all_of_it(page: Any) -> None:
    ours, whole = page.evaluate(RESOLVED, ["paths", "/v1/clue-transfers/{key}/actions/receive", "post"])
    assert ours == whole and len(ours) > 10_000 and '"errors":[]' in ours


def test_a_header_that_is_clicked_stays_in_the_window_with_every_group_open(page: Any) -> None:
    """The last one: it opens whatever the others have left closed."""
    closed = page.locator(".opblock-tag[data-is-open='false']")
    for name in closed.evaluate_all("headers => headers.map(h => h.dataset.tag)"):
        header = page.locator(f".opblock-tag[data-tag='{name}']")
        header.click()
        page.wait_for_timeout(200)
        top = header.evaluate("h => h.getBoundingClientRect().top")
        assert 0 <= top < 1000, (name, top)
    assert closed.count() == 0 and page.locator(".opblock-tag").count() > 5
