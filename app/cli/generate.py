"""What is made from the code and committed: the OpenAPI document, and whatever of docs/ is a table of the code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app.cli.documents import errors, lifecycles, permissions, records
from app.cli.words import foreseeable, tell
from app.migrate.text import NUMBER, numbered, render

HOME = Path(__file__).resolve().parents[2]


def openapi_text() -> str:
    """The OpenAPI document as it is committed: members in alphabetical order. Needs no database."""
    from app.main import create_app
    from app.settings import Settings

    return json.dumps(create_app(Settings()).openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def text_number() -> str:
    """The number of the schema text: raised where the text is another than the one it was given to."""
    return numbered(NUMBER.read_text(encoding="utf-8") if NUMBER.exists() else "")


# One line for each generated file: its path in the repository, and what makes its text.
GENERATED: dict[str, Callable[[], str]] = {
    "openapi/v1.json": openapi_text,
    "docs/errors.md": errors.document,
    "docs/lifecycles.md": lifecycles.document,
    "docs/permissions.md": permissions.document,
    "docs/records.md": records.document,
    "docs/schema.sql": render,
    "alembic/text-number": text_number,
}


def openapi() -> None:
    """打印 OpenAPI 文档。Print the OpenAPI document."""
    print(openapi_text(), end="")


def docs(check: Annotated[bool, typer.Option("--check", help="只比较，不写 compare only")] = False) -> None:
    """由代码生成文档。Write the generated documents, or compare them with the code."""
    made = {path: text() for path, text in GENERATED.items()}
    stale = [path for path, text in made.items() if not _same(HOME / path, text)]
    if check:
        for path in stale:
            tell(f"{path} 与代码不一致，请执行 make docs。", "It does not fit the code: run make docs.")
        raise typer.Exit(1 if stale else 0)
    with foreseeable():
        for path in stale:
            (HOME / path).parent.mkdir(parents=True, exist_ok=True)
            (HOME / path).write_text(made[path], encoding="utf-8")
            tell(f"已写 {path}", "written")


def _same(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
