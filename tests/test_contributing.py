"""CONTRIBUTING.md, done: a copy of the tree gets the record type, the action and the figure that it describes.

Code blocks that name a file make it, `diff` blocks put lines into one, `sh` blocks are run. Nothing else is done.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.folders import folder

HOME = Path(__file__).parents[1]
DOCUMENT = (HOME / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^( *)```(\w*) ?(\S*)\n(.*?)^\1```$", re.M | re.S)
GENERATED = (":!docs", ":!openapi", ":!alembic/text-number")


def part(heading: str) -> str:
    """The text under a heading of the document."""
    return DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """(kind, file, content) of each block."""
    for indent, kind, file, content in BLOCK.findall(text):
        yield kind, file, dedent(content) if indent else content


def insert(file: Path, lines: list[str]) -> None:
    """Put the lines that begin with + where the other lines stand, once, in the file."""
    before = "".join(line[1:] + "\n" for line in lines if not line.startswith("+"))
    after = "".join(line[1:] + "\n" for line in lines)
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file.name} has these lines {text.count(before)} times:\n{before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


def run(tree: Path, command: str) -> str:
    """What a command prints in the copy. `.venv/bin` is where this Python's tools are."""
    words = command.replace(".venv/bin/", f"{Path(sys.executable).parent}/").split()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(words, cwd=tree, capture_output=True, text=True, timeout=240, env=kept)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture
def tree() -> Iterator[Path]:
    """A copy of what is under version control, as it is now, with a history of its own."""
    with folder("contributing") as place:
        copy = place / "ledger"
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=HOME, capture_output=True
        )
        for name in listed.stdout.decode().split("\0"):
            if name and (HOME / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(HOME / name, copy / name)
        for part in ("app", "tests"):  # what is compiled already: two seconds of processor
            for cache in (HOME / part).rglob("__pycache__"):
                shutil.copytree(cache, copy / cache.relative_to(HOME), dirs_exist_ok=True)
        for command in ("init -q", "add -A", "-c user.name=t -c user.email=t@t commit -q -m before"):
            run(copy, f"git {command}")
        yield copy


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git: apt install git")
def test_a_record_type_an_action_and_a_figure_need_no_more_than_the_document_says(tree: Path) -> None:
    commands: list[str] = []
    quoted = ""
    for heading in ("A record type", "An action", "A figure"):
        for kind, file, content in blocks(part(heading)):
            if kind == "python":
                (tree / file).parent.mkdir(exist_ok=True)
                (tree / file).write_text(content, encoding="utf-8")
            elif kind == "diff":
                insert(tree / file, content.splitlines())
            elif kind == "sh":
                commands += content.splitlines()
            else:
                quoted = content
    for command in commands:
        run(tree, command)
    run(tree, "git add -A")
    stat = "".join(
        f"{line.rstrip()}\n"
        for line in run(tree, f"git diff --cached --stat=100 -- . {' '.join(GENERATED)}").splitlines()
    )
    print(stat)
    assert stat == quoted
