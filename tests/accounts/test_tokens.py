"""Tokens that this service did not issue, or that no longer hold, are refused with one and the same answer."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from starlette.types import ASGIApp

from app.auth.tokens import HEADER, LONGEST
from tests.accounts.conftest import bearing, token_of
from tests.support.callers import Api
from tests.support.client import Client
from tests.support.problems import checked


def part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = (base64.urlsafe_b64decode(p + "==") for p in token.split("."))
    return json.loads(header), json.loads(claims)


class Forger:
    """Makes tokens of a valid one, with the service's own key where it must be the content that is refused."""

    def __init__(self, token: str, key: Any) -> None:
        self.token, self.key = token, key
        self.header, self.claims = opened(token)

    def signed(self, header: Any = None, claims: Any = None, key: Any = None) -> str:
        """Signed as the service signs."""
        head = header if isinstance(header, bytes) else {**self.header, **(header or {})}
        body = claims if isinstance(claims, bytes) else self.claims if claims is None else claims
        text = f"{part(head)}.{part(body)}"
        private = (key or self.key).raw_value
        return f"{text}.{part(private.sign(text.encode()))}"

    def without(self, *names: str, **claims: Any) -> str:
        return self.signed(claims={k: v for k, v in {**self.claims, **claims}.items() if k not in names})

    def unsigned(self, algorithm: str) -> str:
        return f"{part({**self.header, 'alg': algorithm})}.{part(self.claims)}."

    def hmacked(self, secret: bytes) -> str:
        text = f"{part({**self.header, 'alg': 'HS256'})}.{part(self.claims)}"
        return f"{text}.{part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


@pytest.fixture(scope="module")
async def forger(service: ASGIApp, anonymous: Client, office: Api) -> Forger:
    app: Any = service
    return Forger(await token_of(anonymous, "office"), app.state.service.keys.token)


def public(f: Forger, form: str) -> bytes:
    made: bytes = f.key.as_pem(private=False) if form == "pem" else json.dumps(f.key.as_dict(private=False)).encode()
    return made


now = time.time
FORGERIES: dict[str, Callable[[Forger], str]] = {
    **{f"alg {a}": (lambda f, a=a: f.unsigned(a)) for a in ("none", "None", "NONE", "nOnE", "", "Ed25519")},
    "alg none with the signature": lambda f: f.unsigned("none") + f.token.rpartition(".")[2],
    "alg EdDSA": lambda f: f.signed({"alg": "EdDSA"}),
    "HS256 with the public key": lambda f: f.hmacked(public(f, "pem")),
    "HS256 with the public key as JWK": lambda f: f.hmacked(public(f, "jwk")),
    "HS256 with nothing": lambda f: f.hmacked(b""),
    "another key": lambda f: f.signed(key=OKPKey.generate_key("Ed25519", private=True)),
    "another key, embedded": lambda f: _embedded(f),
    **{
        f"header {name} {value!r}"[:40]: (lambda f, n=name, v=value: f.signed({n: v}))
        for name, value in (
            ("kid", "../../etc/passwd"),
            ("kid", "' or 1=1--"),
            ("kid", "\x00"),
            ("kid", "x" * 1000),
            ("kid", None),
            ("kid", {"a": 1}),
            ("jku", "http://127.0.0.1/keys"),
            ("x5u", "http://127.0.0.1/"),
            ("x5c", ["AA"]),
            ("crit", ["exp"]),
            ("crit", []),
            ("b64", False),
            ("cty", "JWT"),
            ("zip", "DEF"),
            ("enc", "A128GCM"),
            ("typ", "JWT"),
            ("typ", "AT+JWT"),
            ("typ", "application/at+jwt"),
            ("typ", None),
        )
    },
    "header with a member twice": lambda f: f.signed(b'{"typ":"at+jwt","alg":"none","alg":"Ed25519"}'),
    "header spelled otherwise": lambda f: f.signed(b'{"typ":"at+jwt", "alg":"Ed25519"}'),
    "header that is no object": lambda f: f.signed(b"[]"),
    "payload with a member twice": lambda f: f.signed(claims=part_twice(f)),
    "payload that is no object": lambda f: f.signed(claims=b'["sub"]'),
    "payload that is no JSON": lambda f: f.signed(claims=b"\xff\x00"),
    "payload nested too deeply": lambda f: f.signed(claims=b'{"x":' + b"[" * 400 + b"]" * 400 + b"}"),
    **{f"without {name}": (lambda f, n=name: f.without(n)) for name in ("iss", "aud", "sub", "exp", "iat", "gen")},
    **{
        f"{name} {value!r}": (lambda f, n=name, v=value: f.without(**{n: v}))
        for name, value in (
            ("iss", "other"),
            ("iss", None),
            ("iss", ["inspection-ledger"]),
            ("aud", "other"),
            ("aud", ["inspection-ledger", "other"]),
            ("aud", ""),
            ("sub", "nobody-at-all"),
            ("sub", 1),
            ("sub", None),
            ("sub", ""),
            ("sub", "\x00"),
            ("sub", "OFFICE"),
            ("gen", 0),
            ("gen", "1"),
            ("gen", True),
            ("gen", 2**70),
            ("exp", 0),
            ("exp", -1),
            ("exp", "9999999999"),
            ("exp", None),
            ("exp", True),
            ("exp", 1e300),
            ("exp", 253402300800),
            ("exp", []),
            ("iat", "0"),
            ("nbf", "0"),
            ("nbf", None),
        )
    },
    "exp a second ago": lambda f: f.without(exp=now() - 1),
    "exp in a year": lambda f: f.without(exp=now() + 365 * 86400),
    "exp NaN": lambda f: f.signed(claims=json.dumps({**f.claims, "exp": float("nan")}).encode()),
    "exp Infinity": lambda f: f.signed(claims=json.dumps({**f.claims, "exp": float("inf")}).encode()),
    "nbf in a minute": lambda f: f.without(nbf=now() + 60),
    "iat in a minute": lambda f: f.without(iat=now() + 60),
    "huge": lambda f: f.token + "A" * LONGEST,
    "huge and valid": lambda f: f.without(pad="x" * 100_000),
    "signature cut": lambda f: f.token[:-1],
    "signature emptied": lambda f: f.token.rpartition(".")[0] + ".",
    "signature changed": lambda f: f.token[:-2] + ("AA" if f.token[-2:] != "AA" else "BB"),
    "signature spelled otherwise": lambda f: _respelled(f.token),
    "signature padded": lambda f: f.token + "==",
    "signature with a line break": lambda f: f.token[:-4] + "%" + f.token[-4:],
    "payload changed": lambda f: f"{HEADER}.{part({**f.claims, 'sub': 'admin'})}.{f.token.rpartition('.')[2]}",
    "two parts": lambda f: f.token.rpartition(".")[0],
    "four parts": lambda f: f.token + ".AAAA",
    "five parts": lambda f: f.token + ".AAAA.AAAA",
    "nested": lambda f: f.signed(claims=f.token.encode()),
    "dots": lambda f: "....",
    "not ASCII": lambda f: f.token.replace("A", "Ａ", 1),
    "nothing": lambda f: "",
    "a space": lambda f: " ",
    "a user name": lambda f: "office",
}


def part_twice(f: Forger) -> bytes:
    return json.dumps(f.claims, separators=(",", ":")).encode()[:-1] + b',"sub":"office"}'


def _embedded(f: Forger) -> str:
    own = OKPKey.generate_key("Ed25519", private=True)
    return f.signed({"jwk": own.as_dict(private=False)}, key=own)


def _respelled(token: str) -> str:
    """The last character of 64 bytes carries four unused bits: a lenient decoder takes sixteen spellings."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = alphabet.index(token[-1])
    return token[:-1] + alphabet[at ^ 1]


def fixed(problem: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in problem.items() if k != "instance"}


async def test_the_forger_can_make_a_token_that_is_taken(forger: Forger, anonymous: Client) -> None:
    """So that each refusal below is for its own reason."""
    assert opened(forger.signed())[0] == {"typ": "at+jwt", "alg": "Ed25519"}
    for token in (forger.token, forger.signed(), forger.without(nbf=0), forger.without("jti", exp=now() + 60)):
        assert (await bearing(anonymous, token)).status_code == 200
    again = jwt.encode({"typ": "at+jwt", "alg": "Ed25519"}, forger.claims, forger.key, algorithms=["Ed25519"])
    assert (await bearing(anonymous, again)).status_code == 200


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_token_is_refused_like_none_at_all(name: str, forger: Forger, anonymous: Client) -> None:
    plain = checked(await anonymous.get("/v1/findings"))
    answer = checked(await bearing(anonymous, FORGERIES[name](forger), "/v1/findings"))
    assert answer.status_code == 401
    assert fixed(answer.json()) == fixed(plain.json())
    assert answer.headers["www-authenticate"] == plain.headers["www-authenticate"] == 'Bearer realm="ledger"'


@pytest.mark.parametrize("path", ["/v1/findings", "/v1/findings/431382-2017-01-F-0001", "/v1/me", "/v1/imports/x"])
async def test_a_token_comes_in_one_header_and_no_other_way(
    path: str, forger: Forger, anonymous: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    good = ("Authorization", f"Bearer {forger.token}")
    assert (await anonymous.get(path, headers=[good])).status_code in (200, 404)
    answers = [
        await anonymous.get(path, headers=[good, good]),
        await anonymous.get(path, headers=[good, ("Authorization", "Bearer x")]),
        await anonymous.get(path, headers=[("authorization", "Basic YTpi"), good]),
        await anonymous.get(path, params={"access_token": forger.token}),
        await anonymous.get(path, params={"access_token": forger.token}, headers=[good]),
        await anonymous.get(path, headers=[("Cookie", f"access_token={forger.token}")]),
        await anonymous.get(path, headers=[("Authorization", forger.token)]),
        await anonymous.get(path, headers=[("Authorization", f"Token {forger.token}")]),
        await anonymous.get(path, headers=[("Authorization", f"Bearer{forger.token}")]),
        await anonymous.get(path, headers=[("Authorization", f"Bearer {forger.token} x")]),
        await anonymous.get(path, headers=[("Authorization", "Bearer")]),
    ]
    assert [a.status_code for a in answers] == [401] * len(answers)
    assert len({json.dumps(fixed(checked(a).json()), sort_keys=True) for a in answers}) == 1
    await asyncio.sleep(0)  # lines are written when the event loop turns
    logged = "".join(capfd.readouterr())
    assert '"status":401' in logged and forger.token not in logged and forger.token[-40:] not in logged
