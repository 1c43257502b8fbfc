"""What a page says beside its text, as hints in forms, is read or told; what is cut off is told."""

from __future__ import annotations

import pytest

from glyph_memory.document import Document
from glyph_memory.documents import load


def read(html: str) -> Document:
    """Return a page as a document."""
    (document,) = load(html.encode(), name="a.html")
    return document


def test_labels_of_forms_are_read() -> None:
    """Those of groups of options, hints in empty fields, parts of a picture; suggestions are told."""
    document = read(
        "<select><optgroup label=A><option>b</optgroup></select><p><input placeholder=C>"
        "<textarea placeholder=D></textarea><p><map><area alt=E></map><datalist><option value=F></datalist>"
    )
    assert document.text.split() == ["A", "☐", "b", "[C]", "[D]", "E"]
    assert document.defects[0].message == "what a form's field suggests (datalist) is not read"


def test_titles_that_the_text_does_not_say_are_told_once() -> None:
    """A title that only repeats its text is none."""
    assert not read("<p><a href=x title='The  word'>the word</a>").defects
    (defect,) = read("<p><a href=x title=Other>a</a> <b aria-label=More>b</b>").defects
    assert "titles and labels of elements" in defect.message


@pytest.mark.parametrize(
    "end", ["<!-- two three", "<a href='x two three", "<script>two three", "<x two three"]
)
def test_a_page_that_is_cut_off_is_told(end: str) -> None:
    """A browser shows nothing of what follows a comment, a tag or a script without an end."""
    document = read(f"<p>one {end}")
    assert document.text.split() == ["one"]
    assert "has no end" in document.defects[0].message
    assert not read("<p>one<textarea>two").defects
