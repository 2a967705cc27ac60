"""Lists of any type: every filter, every sort, search, and what a list does not understand."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.kernel.declare.fields import Choice, Day, Field, Flag, Reference
from app.kernel.declare.record_type import RecordType
from app.records import REGISTRY
from tests.support.bodies import TYPES
from tests.support.callers import Api
from tests.support.proofs import share
from tests.support.records import Maker
from tests.support.walk import Walker

# What no correction sets is set by actions that ask for more: tests/custody looks at them.
FILTERS = [(t.path, f.name) for t in REGISTRY for f in t.filters if f.writable or f.copied or f.corrected]


def ids(page: Any) -> list[str]:
    """The identifiers of a page's records."""
    return [record["id"] for record in page["items"]]


@share(3)
@pytest.mark.parametrize(("path", "name"), FILTERS)
async def test_a_filter_keeps_the_records_that_have_one_of_the_values(
    path: str, name: str, make: Maker, office: Api
) -> None:
    t = REGISTRY.by_path[path]
    f = t.field(name)
    records = await three(make, office, t, f)
    mine = {r["id"] for r in records}
    for query, wanted in questions(f, records):
        found = await office.every(path, **query)
        assert {r["id"] for r in found} & mine == {r["id"] for r in records if wanted(r)}, query
        assert all(wanted(r) for r in found), query


async def three(make: Maker, office: Api, t: RecordType, f: Field) -> list[Any]:
    """Three records that differ in this member, as far as it can differ; set-by members are set by correction."""
    made = []
    for value in await values(make, t, f):
        mine = make.fresh() if t.unique else make
        subject = {"subject_kind": f.name} if f.name in ("unit", "person") and "subject_kind" in t.columns else {}
        record = await mine(t.path, **(value if f.writable else {}), **(subject if value else {}))
        if f.set_by and value:
            answer = await office.act(record, t.path, "correct", reason="补记", **value)
            assert answer.status_code == 200, answer.text
            record = answer.json()
        made.append(record)
    return made


async def values(make: Maker, t: RecordType, f: Field) -> list[dict[str, Any]]:
    """Values of this member for three records; nothing where the record may be without."""
    if f.copied or f.name == "mode":
        return [{}, {}, {}]
    free = [] if f.required or f.name in ("unit", "person") else [{}]
    if isinstance(f, Reference):
        made = [(await make.fresh().fit_new(t, f))["number"] for _ in range(3 - len(free))]
        return [*({f.number_column: [n] if f.many else n} for n in made), *free]
    if isinstance(f, Choice):
        codes = (*f.terms.codes, *f.terms.codes)[: 3 - len(free)]
        return [*({f.name: [c] if f.many else c} for c in codes), *free]
    if isinstance(f, Flag):
        return [{f.name: True}, {f.name: False}, *free]
    return [{f.name: day} for day in ("2017-05-14", "2017-05-15", "2017-05-16")[: 3 - len(free)]] + free


def questions(f: Field, records: list[Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """Queries of a filter, and whether a record answers them."""
    if isinstance(f, Day):
        for low in ("2017-05-14", "2017-05-15", "2017-05-17"):
            yield {f"{f.name}_from": low}, lambda r, low=low: r[f.name] is not None and r[f.name] >= low
            yield {f"{f.name}_to": low}, lambda r, low=low: r[f.name] is not None and r[f.name] <= low
        both = {f"{f.name}_from": "2017-05-15", f"{f.name}_to": "2017-05-15"}
        yield both, lambda r: r[f.name] == "2017-05-15"
        return
    columns = (
        [(f"{f.name}_{k}", c) for k, c in zip(("id", "number"), f.columns, strict=True)]
        if isinstance(f, Reference)
        else [(f.name, f.name)]
    )
    for parameter, column in columns:
        seen = {v for r in records for v in as_list(r[column])}
        for asked in [*([v] for v in seen), sorted(seen, key=str)]:
            if asked:
                text = [str(v).lower() if isinstance(v, bool) else v for v in asked]
                yield {parameter: text}, lambda r, column=column, asked=asked: bool({*as_list(r[column])} & {*asked})


def as_list(value: Any) -> list[Any]:
    """A value as a list of values."""
    return [] if value is None else value if isinstance(value, list) else [value]


@pytest.mark.parametrize("path", [t.path for t in REGISTRY if t.lifecycle.public])
async def test_a_list_is_filtered_by_state_and_repeating_it_means_either(path: str, make: Maker, office: Api) -> None:
    t, walker = REGISTRY.by_path[path], Walker(make)
    states = list(t.lifecycle.states)[:3]
    made = {s: (await (Walker(make.fresh()) if t.unique else walker).reach(path, s))["id"] for s in states}
    for asked in ([states[0]], states[:2], states, ["voided"]):
        found = await office.every(path, state=asked)
        assert {r["state"] for r in found} <= set(asked)
        assert {r["id"] for r in found} & set(made.values()) == {made[s] for s in asked if s in made}


@pytest.mark.parametrize("path", TYPES)
async def test_a_list_says_what_it_does_not_understand_and_what_it_would(path: str, office: Api) -> None:
    t = REGISTRY.by_path[path]
    unknown = await office.get(f"/v1/{path}", params={"colour": "red"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "bad_query")
    (error,) = unknown.json()["errors"]
    assert (error["pointer"], error["code"]) == ("colour", "unknown_parameter")
    assert {"state", "q", "sort", "limit", "cursor"} <= set(error["allowed"])
    wrong = [("limit", v) for v in ("0", "-1", "201", "x", "", "1.5", "９", "9" * 30)]
    wrong += [("sort", v) for v in ("colour", "--number", "number,number", "-", "number desc", ",")]
    wrong += [("state", "flown"), ("q", "长" * 101)]
    for f in t.filters:
        names = [f"{f.name}_from", f"{f.name}_to"] if isinstance(f, Day) else [f.name]
        names = [f"{f.name}_id", f"{f.name}_number"] if isinstance(f, Reference) else names
        wrong += [(n, v) for n in names for v in ("", "x", "2017/05/14", "' or 1=1 --")]
    for name, value in wrong:
        answer = await office.get(f"/v1/{path}", params={name: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_query"), (name, value)
        assert answer.json()["errors"][0]["pointer"] == name
    for name in ("limit", "sort", "q", "cursor"):
        assert (await office.get(f"/v1/{path}?{name}=1&{name}=1")).status_code == 400, name
    sort = (await office.get(f"/v1/{path}", params={"sort": "colour"})).json()["errors"][0]
    assert (sort["code"], sort["allowed"]) == ("not_a_sort", list(t.sorts))


@pytest.mark.parametrize("path", TYPES)
async def test_a_search_finds_a_word_of_two_characters_and_takes_wildcards_as_they_are(
    path: str, make: Maker, office: Api
) -> None:
    notes = ["前面雨露后面", "百分50%整", "下划_线", "反斜\\杠", "单'引号"]
    made = [(await (make.fresh() if REGISTRY.by_path[path].unique else make)(path, note=n))["id"] for n in notes]
    everything = len(await office.every(path))
    for text, hits in (
        ("雨露", [0]),
        ("0%整", [1]),
        ("划_线", [2]),
        ("斜\\杠", [3]),
        ("单'引", [4]),
        ("雨%后", []),
        ("雨_", []),
    ):
        found = await office.every(path, q=text)
        assert [i for i in made if i in {r["id"] for r in found}] == [made[h] for h in hits], text
    for text in ("%", "_", "\\"):
        assert len(await office.every(path, q=text)) < everything, text
    record = await office.read(f"/v1/{path}/{made[0]}")
    assert ids({"items": await office.every(path, q=record["number"])}) == [made[0]]


@pytest.mark.parametrize("path", [t.path for t in REGISTRY if any(f.secret for f in t.fields)])
async def test_a_search_does_not_look_into_what_is_secret(path: str, make: Maker, office: Api) -> None:
    t = REGISTRY.by_path[path]
    texts = [f.name for f in t.fields if f.secret and f.writable and type(f).__name__ == "Text"]
    for name in texts:
        record = await make.fresh()(path, **{name: "暗中之名"})
        assert record[name] == "暗中之名" and record["id"] not in ids(await office.read(f"/v1/{path}", q="暗中之名"))
