"""A browser keeps several connections, and each may lead to another worker: any of them has what one was given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glyph_memory.serve.web.shared_files import SharedFiles
from tests.serve.web.fakes import MakeWeb, fetch

TEXT = {"text": "The gate code is 4711-B.\n" * 40, "name": "gate.md"}


def test_a_document_is_drawn_and_shown_by_any_worker(make_web: MakeWeb, tmp_path: Path) -> None:
    """The one that took it, the one that drew it, and the one that is asked for a page are three."""
    one, two, three = (make_web(shared_folder=tmp_path).client() for _ in range(3))
    document = one.post("documents", json=TEXT).json()
    drawn = two.post(f"documents/{document['id']}/pages", json={"look": {"font_pt": 11}})
    assert drawn.status_code == 200, drawn.text
    assert fetch(three, drawn.json()["pages"][0]["url"]).content.startswith(b"\x89PNG")
    assert three.get(f"documents/{document['id']}").json() == document
    asked = one.post(f"documents/{document['id']}/answers", json={"question": "What is the gate code?"})
    assert "4711-B" in asked.text


def test_nobody_elses_document_is_found(make_web: MakeWeb, tmp_path: Path) -> None:
    """Nor one whose worker shares no folder."""
    webs = [make_web(shared_folder=tmp_path), make_web(shared_folder=tmp_path), make_web()]
    document = webs[0].client("ada").post("documents", json=TEXT).json()
    path = f"documents/{document['id']}"
    assert [web.client("ada").get(path).status_code for web in webs] == [200, 200, 404]
    assert [web.client("ben").get(path).status_code for web in webs] == [404, 404, 404]


def test_what_was_not_asked_for_longest_goes_first(tmp_path: Path) -> None:
    """So that a disk is never filled."""
    files = SharedFiles(tmp_path, at_most_bytes=3_000)
    for second, name in enumerate("abc"):
        before = {*tmp_path.iterdir()}
        files.put(b"x" * 900, name)
        (made,) = {*tmp_path.iterdir()} - before
        os.utime(made, (second, second))
    assert files.get("a") is not None
    files.put(b"x" * 900, "d")
    assert [files.get(name) is not None for name in "abcd"] == [True, False, True, True]
    assert len([*tmp_path.iterdir()]) == 3


def test_a_folder_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    """A worker then answers for what it has itself."""
    files = SharedFiles(tmp_path / "none")
    files.put(1, "a")
    assert files.get("a") is None


@pytest.mark.parametrize(("one", "other"), [(("ab", "c"), ("a", "bc")), (("", "a"), ("a", ""))])
def test_names_are_not_joined(tmp_path: Path, one: tuple[str, str], other: tuple[str, str]) -> None:
    """A caller and an id are not another caller and another id."""
    files = SharedFiles(tmp_path)
    files.put(1, *one)
    assert (files.get(*one), files.get(*other)) == (1, None)
