"""How many requests are taken: of one address, of one name, of one principal."""

import asyncio

import pytest

from app.auth.rate_limit import SPAN_SECONDS, Allowance, RateLimit
from app.errors import Refusal
from tests.accounts.conftest import Open, Serve, bearing, sign_in, token_of
from tests.support.client import Answer, Client
from tests.support.problems import checked

pytestmark = pytest.mark.usefixtures("office", "neighbour")  # whose accounts are named here


def refused(answer: Answer) -> None:
    assert checked(answer).status_code == 429, answer.text
    assert 1 <= int(answer.headers["retry-after"]) <= SPAN_SECONDS
    assert answer.headers["retry-after"] in answer.json()["detail"]


async def test_one_address_asks_for_so_many_tokens_a_minute(another: Serve) -> None:
    async with another(sign_ins_per_address=3) as app:
        api, other = Client(app, host="10.0.0.1"), Client(app, host="10.0.0.2")
        for name in ("nobody-1", "nobody-2", "office"):
            assert (await sign_in(api, name)).status_code in (200, 401)
        refused(await sign_in(api, "office"))
        assert (await sign_in(other, "office")).status_code == 200


async def test_an_address_of_version_6_is_counted_by_its_network(another: Serve) -> None:
    async with another(sign_ins_per_address=2) as app:
        for n, wanted in ((1, 200), (2, 200), (3, 429)):
            api = Client(app, host=f"2001:db8:0:1::{n}")
            assert (await sign_in(api, "office")).status_code == wanted


async def test_one_name_is_asked_for_so_many_tokens_a_minute_known_or_not(another: Serve) -> None:
    async with another(sign_ins_per_name=2) as app:
        api = Client(app)
        for name in ("office", "nobody-at-all"):
            for _ in range(2):
                assert (await sign_in(api, name)).status_code in (200, 401)
            refused(await sign_in(api, name))
        assert (await sign_in(api, "neighbour")).status_code == 200


PLACES = ("/v1/findings", "/v1/findings/431382-2017-01-F-9999", "/v1/findings/x/actions", "/v1/me", "/v1/imports/x")


async def test_one_principal_asks_so_many_questions_a_minute_by_whatever_way_and_token(
    another: Serve, opened: Open
) -> None:
    async with another(requests_per_minute=4) as app:
        api = Client(app)
        for place in PLACES:
            name = (await opened())["username"]
            first, second = await token_of(api, name), await token_of(api, name)
            for token in (first, second, first, second):
                assert (await bearing(api, token, place)).status_code in (200, 404)
            for token in (first, second):
                refused(await bearing(api, token, place))


def test_a_minute_may_come_at_once_then_the_steady_rate_holds() -> None:
    allowance, step = Allowance(), SPAN_SECONDS / 60
    for _ in range(60):
        allowance.spend(1000.0, step)
    with pytest.raises(Refusal) as problem:
        allowance.spend(1000.0, step)
    assert problem.value.headers == {"Retry-After": "1"}
    allowance.spend(1001.0, step)
    with pytest.raises(Refusal):
        allowance.spend(1001.5, step)
    for _ in range(60):
        allowance.spend(2000.0, step)


def test_a_flood_of_names_takes_bounded_memory_and_spares_the_busy_ones() -> None:
    limit = RateLimit(2, most=100)
    for n in range(1000):
        limit.accept(f"name-{n}")
    assert len(limit._allowances) <= 100
    limit.accept("name-999")
    with pytest.raises(Refusal):
        limit.accept("name-999")


async def test_a_refusal_for_too_many_requests_ends_with_time(another: Serve) -> None:
    async with another(sign_ins_per_name=600) as app:
        api = Client(app)
        name = "nobody-at-all"
        _, by_name = app.state.service.sign_ins
        by_name.allowance(name).due = asyncio.get_running_loop().time() + SPAN_SECONDS
        refused(await sign_in(api, name))
        by_name.allowance(name).due -= 1
        assert (await sign_in(api, name)).status_code == 401
