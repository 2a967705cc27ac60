"""Every code that the source can raise has a sentence, and no sentence stands there unused."""

import ast
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.sentences import MEMBER, SENTENCES, Sentence

APP = Path(__file__).parents[1] / "app"
# Where the code stands among the arguments of what raises it, or gathers it.
RAISERS = {
    "Refusal": 0,
    "FieldError": 1,
    "field_error": 1,
    "refuse": 0,
    "PydanticCustomError": 0,
    "reject": 1,
    "warn": 1,
    "_bad": 1,
    "UnreadableFile": 0,
    "CellProblem": 0,
}


@cache
def sources() -> list[tuple[Path, list[ast.AST]]]:
    """Every file of the application but the sentences themselves, with all its nodes."""
    files = [path for path in sorted(APP.rglob("*.py")) if "sentences" not in path.parts]
    return [(path, list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))) for path in files]


def texts(node: ast.AST) -> Iterator[str]:
    """The texts an expression can be: itself, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def raised() -> Iterator[tuple[str, str]]:
    """(code, place) of every call that raises or gathers one."""
    for path, nodes in sources():
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = RAISERS.get(name)
            if place is not None and len(node.args) > place:
                for code in texts(node.args[place]):
                    yield code, f"{path.relative_to(APP.parent)}:{node.lineno}"


def test_every_code_that_is_raised_has_a_sentence() -> None:
    found = list(raised())
    assert len(found) > 100, "the walk finds what it looks for"
    assert not [(code, place) for code, place in found if code not in SENTENCES]


def test_a_refusal_of_a_whole_request_has_a_status_and_an_error_of_a_member_needs_none() -> None:
    for path, nodes in sources():
        for node in nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal" and node.args:
                for code in texts(node.args[0]):
                    assert SENTENCES[code].status != MEMBER, (code, str(path), node.lineno)


def test_no_sentence_stands_there_unused() -> None:
    spoken, beginnings = set(), set()
    for _, nodes in sources():
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                spoken.add(node.value)
            if isinstance(node, ast.keyword) and node.arg:
                spoken.add(node.arg)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
    unused = [
        c for c in SENTENCES if c not in spoken and not any(b.endswith("_") and c.startswith(b) for b in beginnings)
    ]
    assert not unused


def test_a_sentence_can_be_said_in_both_languages_and_tells_what_to_do() -> None:
    for s in SENTENCES.values():
        for tongue in ("zh", "en"):
            said = s.say(tongue, s.sample)
            assert said and "{" not in said, said
            for text in (s.text[tongue], s.remedy[tongue]):
                named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
                assert named <= set(s.sample), f"{s.code} has no sample of {named - set(s.sample)}"
        assert any("一" <= c <= "鿿" for c in s.text["zh"]), s.code
        told = 400 <= s.status < 600 and s.remedy["zh"] and s.remedy["en"]
        assert s.status == MEMBER or told, f"{s.code}: a refusal says what to do"


def words(s: Sentence) -> set[str]:
    """What has to be given to say a sentence in either language."""
    texts = (*s.text.values(), *s.remedy.values())
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def test_whoever_refuses_a_request_gives_every_word_of_its_sentence() -> None:
    """A missing word would be a KeyError in the handler of refusals: seen here, and not by a clerk."""
    missing = []
    for path, nodes in sources():
        for node in nodes:
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal" and node.args:
                given = {keyword.arg for keyword in node.keywords}
                for code in texts(node.args[0]) if None not in given else ():
                    missing += [(code, w, path.name, node.lineno) for w in words(SENTENCES[code]) - given]
    assert not missing


def test_whoever_finds_an_error_of_a_field_gives_every_word_of_its_sentence() -> None:
    missing, walked = [], 0
    for path, nodes in sources():
        for node in nodes:
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FieldError"):
                continue
            walked += 1
            named = node.args[2] if len(node.args) > 2 else ast.Dict([], [])
            if isinstance(named, ast.Dict) and None not in named.keys:
                given = {key.value for key in named.keys if isinstance(key, ast.Constant)}
                for code in texts(node.args[1]):
                    missing += [(code, w, path.name, node.lineno) for w in words(SENTENCES[code]) - given]
    assert walked > 20, "the walk finds what it looks for"
    assert not missing
