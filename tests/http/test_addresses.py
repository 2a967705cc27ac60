"""What an address may say: who asks comes first, a whole number is one however it is written, a text is UTF-8."""

import re
from typing import Any

import pytest

from tests.support.callers import PATCH, Api
from tests.support.client import Answer, Client
from tests.support.documented import DOCUMENT
from tests.support.problems import checked

OPERATIONS = [(method, path, o) for path, item in DOCUMENT["paths"].items() for method, o in item.items()]
CLOSED = [(method, path, o) for method, path, o in OPERATIONS if "security" in o]
READS = [(path, o) for method, path, o in CLOSED if method == "get"]
# Queries and bodies that are wrong in every way that an operation, or a library beneath it, could look at first.
QUERIES = ("", "?colour=1", "?limit=x", "?limit=0", "?cursor=%FF", "?version=x&from=x&year=x", "?mode=x&result=x")
QUERIES += ("?allow_register_changes=maybe&type=%ED%A0%80&" + "cursor=" + "a" * 200, "?q=%FF&purpose=x&sort=%00")
BODIES = (b"", b"{", b"\xff", b'{"colour": 1}', b"[" * 40)


def segment(path: str, given: str) -> str:
    return re.sub(r"{\w+}", given, path)


def media_of(operation: Any) -> list[str]:
    return [*operation.get("requestBody", {}).get("content", {}), "text/nonsense"]


async def test_who_asks_is_looked_at_before_what_is_asked(anonymous: Client) -> None:
    """Every operation that takes a token, asked without one in every wrong way, says nothing else than that."""
    count = 0
    for method, path, operation in CLOSED:
        for given in ("nonsense", "%FF"):
            for query in QUERIES if given == "nonsense" or "{" in path else ():
                answer = await anonymous.request(method, segment(path, given) + query)
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, path, query)
                count += 1
        for media in media_of(operation) if method != "get" else ():
            for body in BODIES:
                headers = {"Content-Type": media, "If-Match": "x"}
                answer = await anonymous.request(method, segment(path, "x"), content=body, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, path, media)
                count += 1
    assert count > 3000


def whole_numbers(operation: Any) -> list[str]:
    """The query parameters that the document calls whole numbers; a cursor may be one, too."""
    found = [p for p in operation.get("parameters", []) if p["in"] == "query"]
    return [p["name"] for p in found if '"integer"' in str(p["schema"]).replace("'", '"') or p["name"] == "cursor"]


NUMBERS = ("01", "007", "0200", "0" * 7 + "2", "0000012000", "0000002000", "9" * 9, "9" * 19, "9" * 5000, "+1", "-0")
NUMBERS += ("1_0", "1.0", "1e1", "%D9%A3", "%EF%BC%91", "%20%31", "0x1", "")


async def asked(path: str, office: Api, admin: Api) -> Answer:
    """The answer to whichever of the two may ask this."""
    answer = await office.get(path)
    return answer if answer.status_code not in (403, 404) else await admin.get(path)


async def test_a_whole_number_is_one_or_is_refused(office: Api, admin: Api) -> None:
    """However many zeros stand in front of it, no parameter of any operation breaks the service or is misread."""
    units = [await office.write("/v1/units", {"name": f"整数测试单位{n}", "kind": "other"}) for n in range(3)]
    key, tried = units[0]["id"], 0
    for path, operation in READS:
        for name in whole_numbers(operation):
            place = re.sub(r"{version}", "1", path)
            place = segment(place, key if path.startswith("/v1/units/{key}") else "431382-2017-01")
            for number in NUMBERS:
                answer = await asked(f"{place}?{name}={number}", office, admin)
                if answer.status_code == 200 and name == "limit":
                    assert len(answer.json()["items"]) <= int(number) <= 200, (path, number)
                if answer.status_code != 200:
                    checked(answer)
                tried += 1
    assert tried > 1000
    for number, most in (("1", 1), ("01", 1), ("0002", 2)):
        answer = await office.get(f"/v1/units?limit={number}")
        assert (answer.status_code, len(answer.json()["items"])) == (200, most), number
    for number in ("0000012000", "0000002000", "9" * 5000, "0", "00", "201"):
        answer = await office.get(f"/v1/units?limit={number}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "limit"), number


NO_TEXT = ("%FF", "a%FF", "%C0%80", "%ED%A0%80", "%E5%8D", "%F5%80%80%80")


@pytest.mark.parametrize("text", NO_TEXT)
async def test_a_parameter_that_is_no_utf_8_is_refused_by_its_name(text: str, office: Api, admin: Api) -> None:
    tried = 0
    for path, operation in READS:
        for name in (p["name"] for p in operation.get("parameters", []) if p["in"] == "query"):
            answer = await asked(f"{segment(path, '1')}?{name}={text}", office, admin)
            if answer.status_code in (403, 404):
                continue  # another right, or another record, is looked at first
            problem = checked(answer).json()
            assert (answer.status_code, problem["code"]) == (400, "bad_query"), (path, name, problem)
            assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (name, "not_utf_8"), path
            tried += 1
    assert tried > 100
    answer = await office.get(f"/v1/units?{text}=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_query")


@pytest.mark.parametrize("text", NO_TEXT)
async def test_a_path_that_is_no_utf_8_leads_nowhere(text: str, office: Api, admin: Api) -> None:
    """No record, account or import has such a name: what is asked for is not there, and nothing breaks."""
    for method, path, operation in CLOSED:
        if "{" not in path:
            continue
        media = PATCH if method == "patch" else "application/json"
        body = {"content": b"{}", "headers": {"Content-Type": media, "If-Match": '"1"'}} if method != "get" else {}
        for caller in (office, admin):
            answer = await caller.request(method, segment(path, text), **body)
            assert answer.status_code in (400, 403, 404, 422), (method, path, answer.text)
            checked(answer)
        assert "404" in operation["responses"], path
