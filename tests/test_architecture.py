"""The house rules of design.md section 2, held by walking the source."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

from app.records import REGISTRY

APP = Path(__file__).parents[1] / "app"
FILES = sorted(APP.rglob("*.py"))
LINES, FUNCTION_LINES, SHARED_LINES = 250, 40, 6
FLOORS = {
    "settings": 0, "errors": 0, "clock": 0, "logging": 0, "sentences": 0, "strict_json": 0, "roles": 0,
    "db": 1, "kernel": 2, "auth": 3, "http": 4, "records": 5, "imports": 6, "reports": 6, "audit": 6, "accounts": 6,
    "policies": 6, "attachments": 6, "deadlines": 6,
    "exports": 7, "main": 8, "migrate": 8, "cli": 8, "__main__": 8,
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


@cache
def text(path: Path) -> str:
    """What stands in a file."""
    return path.read_text(encoding="utf-8")


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Every node of a file; the first is the module."""
    return list(ast.walk(ast.parse(text(path))))


@cache
def imports(path: Path) -> list[tuple[int, str]]:
    """(line, module) of every import of a file, also within functions."""
    found: list[tuple[int, str]] = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            found += ((node.lineno, b if b in MODULES else node.module) for b in below)
    return found


MODULES = {"app." + name(p).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for p in FILES}


def of_type(path: Path) -> str | None:
    """The folder of a record type that a file belongs to."""
    parts = path.relative_to(APP).parts
    return parts[1] if parts[0] == "records" and len(parts) == 3 else None


def test_every_part_of_the_application_stands_on_a_floor() -> None:
    homeless = {p.relative_to(APP).parts[0] for p in FILES if len(p.relative_to(APP).parts) > 1} - set(FLOORS)
    homeless |= {p.stem for p in APP.glob("*.py")} - {"__init__"} - set(FLOORS)
    assert not homeless


def test_a_floor_imports_only_floors_below_it() -> None:
    wrong = []
    for path in FILES:
        own, own_part = floor(name(path)), name(path).split("/")[0].removesuffix(".py")
        for line, module in imports(path) if name(path) != "__init__.py" else ():
            if not module.startswith("app."):
                continue
            other, place = floor(module), f"{name(path)}:{line} imports {module}"
            if other > own:
                wrong.append(f"{place}: floor {own} may not look up to floor {other}")
            if own == other == PROCESSES and module.split(".")[1] != own_part:
                wrong.append(f"{place}: packages of this floor do not know one another")
    assert not wrong, "\n".join(wrong)


def room(module: str) -> tuple[str, int] | None:
    """Package and place of a module that stands in one of its rooms; None for the package's own files."""
    parts = module.removeprefix("app.").removesuffix(".py").replace("/", ".").split(".")
    rooms = ROOMS.get(parts[0], ())
    return (parts[0], rooms.index(parts[1])) if len(parts) > 1 and parts[1] in rooms else None


def test_a_room_knows_only_the_rooms_below_it() -> None:
    wrong = []
    for path in (p for p in FILES if room(name(p))):
        package, own = room(name(path)) or ("", 0)
        for line, module in imports(path):
            other = room(module)
            if module.split(".")[:2] == ["app", package] and (other is None or other[1] > own):
                known = ", ".join(ROOMS[package][:own])
                wrong.append(f"{name(path)}:{line} imports {module}: {ROOMS[package][own]} knows only {known}")
    assert not wrong, "\n".join(wrong)


def test_other_floors_enter_the_store_by_its_door() -> None:
    """The verbs of `app.kernel.store`, some of which have the name of the module behind them."""
    behind = [
        f"{name(path)}:{node.lineno} imports from {node.module}"
        for path in FILES
        if path.relative_to(APP).parts[0] != "kernel"
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.kernel.store.")
    ]
    assert not behind, "\n".join(behind)


def test_only_the_edge_knows_the_web_framework() -> None:
    wrong = [
        f"{name(path)}:{line} imports {module}: only http, main, cli and files named routes.py may"
        for path in FILES
        if floor(name(path)) not in (HTTP, MAIN) and path.name != "routes.py"
        for line, module in imports(path)
        if module.split(".")[0] in EDGE
    ]
    assert not wrong, "\n".join(wrong)


def test_a_record_type_knows_no_other() -> None:
    wrong = []
    for path in (p for p in FILES if of_type(p)):
        for line, module in imports(path):
            match = re.match(r"app\.records\.(\w+)\.", module + ".")
            if match and match[1] not in (of_type(path), "common", "terms", "codes", "promised"):
                wrong.append(f"{name(path)}:{line} imports {module}: a type's folder knows no other type's")
    assert not wrong, "\n".join(wrong)


# Words that mean something else, too: rounding, and the team that an account is bound to.
WORDS = ("round", "team")


def test_what_is_shared_names_no_record_type() -> None:
    words = {t.path for t in REGISTRY if "-" in t.path} | {f"app.records.{t.name}" for t in REGISTRY}
    names = "|".join(f"{t.name}|{t.path}" for t in REGISTRY if t.name not in WORDS)
    wrong = []
    for path in (p for p in FILES if p.relative_to(APP).parts[0] in ("kernel", "db", "auth", "http")):
        code = re.sub(r'""".*?"""|#[^\n]*', "", text(path), flags=re.S)
        found = [w for w in words if w in code] + re.findall(rf"""(['"])({names})\1""", code)
        found += [m for _, m in imports(path) if m == "app.records" or m.startswith("app.records.")]
        if found:
            wrong.append(f"{name(path)} names {found}: the mechanics know no type")
    assert not wrong, "\n".join(wrong)


def test_a_file_fits_on_a_few_screens() -> None:
    counts = {name(path): len(text(path).splitlines()) for path in FILES}
    assert not {file: count for file, count in counts.items() if count > LINES}, f"at most {LINES} lines"


def test_a_function_fits_on_a_screen() -> None:
    """Counted with the functions that stand in it."""
    wrong = []
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or 0) - node.lineno + 1
                if count > FUNCTION_LINES:
                    wrong.append(f"{name(path)}:{node.lineno} {node.name} has {count} lines, at most {FUNCTION_LINES}")
    assert not wrong, "\n".join(wrong)


def test_what_others_use_says_what_it_is() -> None:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    wrong = []
    for path in FILES:
        tree = nodes(path)[0]
        assert isinstance(tree, ast.Module)
        if tree.body and not ast.get_docstring(tree):
            wrong.append(f"{name(path)} has no docstring")
        for node in (n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")):
            if not ast.get_docstring(node):
                wrong.append(f"{name(path)}:{node.lineno} {node.name} has no docstring")
    assert not wrong, "\n".join(wrong)


def test_no_two_record_types_share_a_block() -> None:
    """What two types share belongs into `records/common.py`. Rows of the permission matrix may well be alike."""
    blocks: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in (p for p in FILES if of_type(p) and p.name != "access.py"):
        lines = [
            line.strip()
            for line in text(path).splitlines()
            if line.strip() and not line.startswith(("from ", "import "))
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
            <= {
                "__init__.py", "access.py", "fields.py", "record.py", "lifecycle.py", "obligations.py", "rules.py",
                "routes.py",
            }
        ), folder  # fmt: skip


def test_a_rule_of_this_house_can_be_broken() -> None:
    """The walk sees what it looks for."""
    found = {module for path in FILES for _, module in imports(path)}
    assert {"app.kernel.store.create", "app.db.context", "app.records.common", "fastapi"} <= found
    assert floor("app.kernel.store.create") == 2 and floor("records/unit/record.py") == 5 and floor("app.main") == 8
