"""The page of perturbations says what the code does."""

from __future__ import annotations

from tests.perturb.page import lines, table


def test_the_table_of_the_page_is_what_the_code_says() -> None:
    assert table() == lines(), "python -m tests.perturb.page"
