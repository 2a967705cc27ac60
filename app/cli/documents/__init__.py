"""The documents that are made from the code: what the declarations say, as a person reads it."""

from collections.abc import Iterable

NOTICE = "<!-- Made from the code by `make docs`; a test compares. Change the declarations, not this file. -->"


def text(*blocks: str) -> str:
    """A document of blocks, each set off by an empty line."""
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; a bar or a line break in a cell would end it."""
    titles = list(headings)
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    lines = [titles, ["---"] * len(titles), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(*names: str) -> str:
    """Names as they stand on the wire."""
    return ", ".join(f"`{name}`" for name in names)
