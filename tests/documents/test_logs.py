"""A log that is read is as its terminal showed it, and what was taken out is told."""

from __future__ import annotations

from pathlib import Path

from glyph_memory.documents import load

LOG = "\x1b[32mPASS\x1b[0m pool\n 10% a\r 100% a\n"


def test_a_log_loses_its_colours_and_says_so(tmp_path: Path) -> None:
    """The lines stay, each with its last state."""
    path = tmp_path / "build.log"
    path.write_bytes(LOG.encode())
    (document,) = load(path)
    assert document.text == "PASS pool\n 100% a\n"
    assert [defect.message for defect in document.defects] == [
        "16 characters of terminal escapes are taken out of the text"
    ]


def test_on_request_and_without_escapes_a_text_stays_letter_for_letter(tmp_path: Path) -> None:
    """Carriage returns alone are no sign of a terminal."""
    path = tmp_path / "build.log"
    path.write_bytes(LOG.encode())
    assert [part.text for part in load(path, terminal_escapes=False)] == [LOG]
    path.write_bytes(b"10% a\r20% a\n")
    assert [part.text for part in load(path)] == ["10% a\r20% a\n"]
