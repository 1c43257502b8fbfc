"""The site tells everything and leads nowhere wrong: names, commands, profiles, links, paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from check_links import find_broken_links
from profile_table import HUB_IDS
from site_parts import FACES, ROOT, expand, list_pages

from glyph_memory import ModelProfile
from glyph_memory.cli.program import app
from glyph_memory.tokens.catalogue import PROFILES

DOCS = ROOT / "docs"


def test_every_public_module_has_a_page_in_the_reference() -> None:
    """Each face is asked for once."""
    pages = "".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    asked = re.findall(r"^<!-- made from the code: reference (\S+) -->$", pages, re.MULTILINE)
    assert sorted(asked) == sorted(FACES)


def test_every_command_is_in_the_reference_with_its_options() -> None:
    """What `--help` tells, the site tells."""
    text = expand((DOCS / "reference" / "command-line.md").read_text())
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined] # of a group
        assert f"\n## {name}\n" in text
        assert all(f"`{option}" in text for one in command.params for option in one.opts if option[0] == "-")


def test_every_profile_is_in_the_table() -> None:
    """With its hub ids, which are found under that name."""
    table = expand((DOCS / "profiles.md").read_text())
    assert all(f"| `{name}` |" in table for name in PROFILES)
    for name, ids in HUB_IDS.items():
        assert {ModelProfile.from_name(one).name for one in ids} == {name}


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    """Inside the repository: to files that are there, and headings in them; to elsewhere: whole addresses."""
    assert find_broken_links(page) == []


@pytest.mark.parametrize(
    "link",
    ["gone.md", "page.md#gone", "http://example.org", "https://example", "../../../../../etc/hosts-gone"],
)
def test_a_link_that_leads_nowhere_is_found(link: str, tmp_path: Path) -> None:
    """The link and what is wrong with it."""
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n[good](page.md#head) and [bad]({link})")
    assert [wrong.split()[0] for wrong in find_broken_links(page)] == [repr(link)]


def test_every_path_on_the_architecture_page_is_there() -> None:
    """Who looks for the place of a new thing finds it."""
    text = (DOCS / "architecture.md").read_text()
    paths = re.findall(r"`((?:glyph_memory|docs|tests|integrations|benchmarks)/[\w./]*)`", text)
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_diagram_is_shown_on_a_page_and_has_a_title() -> None:
    """A picture that no page shows is left over; one without a title says nothing to who cannot see it."""
    pages = "".join(page.read_text() for page in list_pages())
    for diagram in sorted((DOCS / "images").glob("*.svg")):
        assert f"images/{diagram.name}" in pages, diagram
        assert "<title>" in diagram.read_text()
