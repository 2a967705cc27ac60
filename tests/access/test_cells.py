"""What the types declare is the contract's table, cell for cell, and docs/permissions.md shows it."""

from pathlib import Path

import pytest

from app.cli.documents.cells import COLUMNS, cells, permission_table
from app.records import REGISTRY
from tests.access.cells import CONTRACT, LATER, ROLES, WAITING

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


def test_the_table_names_every_type_once_and_says_which_are_still_to_come() -> None:
    assert set(CONTRACT) - LATER == {t.path for t in REGISTRY}
    assert set(CONTRACT) >= LATER and tuple(COLUMNS) == ROLES


@pytest.mark.parametrize("path", [t.path for t in REGISTRY])
def test_each_cell_is_the_contracts_or_waits_with_what_stands_in_its_place(path: str) -> None:
    agreed = dict(zip(ROLES, CONTRACT[path], strict=True))
    expected = {role: WAITING.get((path, role), cell) for role, cell in agreed.items()}
    assert cells()[path] == expected


def test_no_cell_waits_for_what_is_there() -> None:
    assert not [key for key, cell in WAITING.items() if CONTRACT[key[0]][ROLES.index(key[1])] == cell]


def test_the_page_begins_with_the_table() -> None:
    assert permission_table() in PAGE.read_text(encoding="utf-8")
