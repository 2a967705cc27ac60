"""The house rules of design.md section 2, held by walking the source."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.records import REGISTRY

APP = Path(__file__).parents[1] / "app"
FILES = sorted(APP.rglob("*.py"))
LINES, FUNCTION_LINES, SHARED_LINES = 250, 40, 6
FLOORS = {
    "settings": 0, "errors": 0, "clock": 0, "logging": 0, "sentences": 0, "strict_json": 0, "roles": 0,
    "db": 1, "kernel": 2, "auth": 3, "http": 4, "records": 5, "imports": 6, "reports": 6, "audit": 6, "accounts": 6,
    "main": 7, "migrate": 7, "cli": 7, "__main__": 7,
}  # fmt: skip
# The rooms of a package, from the ground up: each knows those before it.
ROOMS = {
    "kernel": ("declare", "schema", "sql", "personal", "store"),
    "imports": ("files", "mapping", "plan", "apply"),
}
EDGE = {"fastapi", "starlette"}
HTTP, PROCESSES, MAIN = FLOORS["http"], FLOORS["imports"], FLOORS["main"]


def name(path: Path) -> str:
    """The file, from the folder of the application."""
    return str(path.relative_to(APP))


def floor(module: str) -> int:
    """The floor of `app.x.y`, or of the file `x/y.py`."""
    parts = module.removeprefix("app.").replace("/", ".").removesuffix(".py").split(".")
    return FLOORS.get(parts[0], -1)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import of a file, also within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((node.lineno, b if b in MODULES else node.module) for b in below)


MODULES = {"app." + name(p).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for p in FILES}


def of_type(path: Path) -> str | None:
    """The folder of a record type that a file belongs to."""
    parts = path.relative_to(APP).parts
    return parts[1] if parts[0] == "records" and len(parts) == 3 else None


def test_every_part_of_the_application_stands_on_a_floor() -> None:
    homeless = {p.relative_to(APP).parts[0] for p in FILES if len(p.relative_to(APP).parts) > 1} - set(FLOORS)
    homeless |= {p.stem for p in APP.glob("*.py")} - {"__init__"} - set(FLOORS)
    assert not homeless


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_floor_imports_only_floors_below_it(path: Path) -> None:
    if name(path) == "__init__.py":
        return
    own = floor(name(path))
    for line, module in imports(path):
        if not module.startswith("app."):
            continue
        other, place = floor(module), f"{name(path)}:{line}"
        part, own_part = module.split(".")[1], name(path).split("/")[0].removesuffix(".py")
        assert other <= own, f"{place} imports {module}: floor {own} may not look up to floor {other}"
        if own == other == PROCESSES:
            assert part == own_part, f"{place} imports {module}: packages of this floor do not know one another"


def room(module: str) -> tuple[str, int] | None:
    """Package and place of a module that stands in one of its rooms; None for the package's own files."""
    parts = module.removeprefix("app.").removesuffix(".py").replace("/", ".").split(".")
    rooms = ROOMS.get(parts[0], ())
    return (parts[0], rooms.index(parts[1])) if len(parts) > 1 and parts[1] in rooms else None


@pytest.mark.parametrize("path", [p for p in FILES if room(name(p))], ids=name)
def test_a_room_knows_only_the_rooms_below_it(path: Path) -> None:
    package, own = room(name(path)) or ("", 0)
    for line, module in imports(path):
        if module.split(".")[:2] != ["app", package]:
            continue
        other = room(module)
        assert other is not None and other[1] <= own, (
            f"{name(path)}:{line} imports {module}: {ROOMS[package][own]} knows only {', '.join(ROOMS[package][:own])}"
        )


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_edge_knows_the_web_framework(path: Path) -> None:
    edge = floor(name(path)) in (HTTP, MAIN) or path.name == "routes.py"
    for line, module in imports(path):
        assert edge or module.split(".")[0] not in EDGE, (
            f"{name(path)}:{line} imports {module}: only http, main, cli and files named routes.py may"
        )


@pytest.mark.parametrize("path", [p for p in FILES if of_type(p)], ids=name)
def test_a_record_type_knows_no_other(path: Path) -> None:
    for line, module in imports(path):
        match = re.match(r"app\.records\.(\w+)\.", module + ".")
        shared = match is None or match[1] in (of_type(path), "common", "terms", "codes")
        assert shared, f"{name(path)}:{line} imports {module}: a type's folder knows no other type's"


# Words that mean something else, too: rounding, and the team that an account is bound to.
WORDS = ("round", "team")


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.relative_to(APP).parts[0] in ("kernel", "db", "auth", "http")], ids=name
)
def test_what_is_shared_names_no_record_type(path: Path) -> None:
    words = {t.path for t in REGISTRY if "-" in t.path} | {f"app.records.{t.name}" for t in REGISTRY}
    code = re.sub(r'""".*?"""|#[^\n]*', "", path.read_text(encoding="utf-8"), flags=re.S)
    found = [w for w in words if w in code]
    found += [
        t.name for t in REGISTRY if re.search(rf"""['"]{t.name}['"]|['"]{t.path}['"]""", code) and t.name not in WORDS
    ]
    assert not found, f"{name(path)} names {found}: the mechanics know no type"
    assert not any(m == "app.records" or m.startswith("app.records.") for _, m in imports(path))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_fits_on_a_few_screens(path: Path) -> None:
    count = len(path.read_text(encoding="utf-8").splitlines())
    assert count <= LINES, f"{name(path)} has {count} lines, at most {LINES}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or 0) - node.lineno + 1  # with the functions that stand in it
            assert count <= FUNCTION_LINES, (
                f"{name(path)}:{node.lineno} {node.name} has {count} lines, at most {FUNCTION_LINES}"
            )


@pytest.mark.parametrize("path", FILES, ids=name)
def test_what_others_use_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body, f"{name(path)} has no docstring"
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for node in (n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")):
        assert ast.get_docstring(node), f"{name(path)}:{node.lineno} {node.name} has no docstring"


def test_no_two_record_types_share_a_block() -> None:
    """What two types share belongs into `records/common.py`. Rows of the permission matrix may well be alike."""
    blocks: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in (p for p in FILES if of_type(p) and p.name != "access.py"):
        text = path.read_text(encoding="utf-8")
        lines = [
            line.strip() for line in text.splitlines() if line.strip() and not line.startswith(("from ", "import "))
        ]
        for start in range(len(lines) - SHARED_LINES):
            blocks[tuple(lines[start : start + SHARED_LINES + 1])].add(of_type(path) or "")
    shared = {
        block: types for block, types in blocks.items() if len(types) > 1 and any(re.search(r"\w{3}", x) for x in block)
    }
    assert not shared, next(iter(shared.items()))


def test_every_type_has_the_same_files() -> None:
    for folder in {p.parent for p in FILES if of_type(p)}:
        names = {p.name for p in folder.glob("*.py")}
        assert (
            {"__init__.py", "access.py", "fields.py", "record.py"}
            <= names
            <= {"__init__.py", "access.py", "fields.py", "record.py", "lifecycle.py", "rules.py", "routes.py"}
        ), folder


def test_a_rule_of_this_house_can_be_broken() -> None:
    """The walk sees what it looks for."""
    found = {module for path in FILES for _, module in imports(path)}
    assert {"app.kernel.store.create", "app.db.context", "app.records.common", "fastapi"} <= found
    assert floor("app.kernel.store.create") == 2 and floor("records/unit/record.py") == 5 and floor("app.main") == 7
