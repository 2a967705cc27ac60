"""What is made from the code and committed says what the code says."""

import pytest

from app.cli.generate import GENERATED, HOME


@pytest.mark.parametrize("path", GENERATED)
def test_a_generated_file_is_the_one_the_code_makes_however_often_it_is_made(path: str) -> None:
    """The OpenAPI document is made once: http/test_openapi.py makes it again, as the service does."""
    file = HOME / path
    committed = file.read_text(encoding="utf-8") if file.is_file() else ""
    for _ in range(1 if path.startswith("openapi/") else 2):
        assert committed == GENERATED[path](), f"{path} does not fit the code: run `make docs` and commit it"
