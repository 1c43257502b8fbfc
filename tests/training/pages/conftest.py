"""A recipe of small pages, and a text for them."""

from __future__ import annotations

import pytest

from glyph_memory.training.pages import PageRecipe
from tests.training.pages.small import RECIPE, TEXT


@pytest.fixture(scope="session")
def small_recipe() -> PageRecipe:
    """One style of small pages, all families."""
    return RECIPE


@pytest.fixture(scope="session")
def text() -> str:
    """Some four hundred lines."""
    return TEXT
