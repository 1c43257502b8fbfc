"""Canary pages carry a code that only a reader of that page finds. It is kept nowhere, and no part of what was said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from glyph_memory import (
    Binder,
    FoldPolicy,
    GlyphMemory,
    GlyphMemoryError,
    PageOptions,
    PageStyle,
    PolicyError,
    Text,
    Turn,
)
from glyph_memory.context import CODE_LENGTH, CODE_LETTERS, Captions, find_codes
from glyph_memory.context.canaries import draw_code, has_code, make_code
from glyph_memory.context.escaping import escape_anchors
from glyph_memory.context.page_wording import PAGE_CODES_NOTE, show_page_code
from glyph_memory.nano import NanoReader
from glyph_memory.page import Page, pixel_digest
from glyph_memory.testing import agent_conversation
from glyph_memory.typesetting import typeset
from glyph_memory.typesetting.labels import find_false_labels

POLICY = FoldPolicy(window_tokens=16_384, keep_recent_tokens=800)
TALK = agent_conversation(turns=50, seed=4, tool_lines=40).turns
READER = NanoReader()
CODE = re.compile(rf"page code\W*([{CODE_LETTERS}]{{{CODE_LENGTH}}})")


def read_codes(page: Page) -> list[str]:
    """Read the codes on a page from its pixels."""
    return [found[1] for line in READER.transcribe(page).lines if (found := CODE.search(line.text))]


def open_memory(url: str | Path = ":memory:", **fields: object) -> GlyphMemory:
    """Open a memory with some pages."""
    memory = GlyphMemory.open(url, policy=POLICY, **fields)  # type: ignore[arg-type]  # fields of PageOptions
    memory.extend(TALK)
    return memory


def texts_of(memory: GlyphMemory) -> list[str]:
    """Return all text that is sent."""
    parts = [part for message in memory.context().messages for part in message.parts]
    return [part.text for part in parts if isinstance(part, Text)]


def test_codes_have_no_letters_that_look_alike() -> None:
    """None of a pair of doubles, and each letter once."""
    assert not set(CODE_LETTERS) & set("0O1IL5S8B2Z6GQDUV")
    assert len(set(CODE_LETTERS)) == len(CODE_LETTERS) == 19


def test_a_code_follows_from_its_run_and_page_alone() -> None:
    """The same again, and another one for another page or run; each letter is used."""
    assert make_code("ab", 7) == make_code("ab", 7)
    codes = [make_code(run, page) for run in ("ab", "cd") for page in range(200)]
    assert len(set(codes)) == 400
    assert {letter for code in codes for letter in code} == set(CODE_LETTERS)
    assert all(len(code) == CODE_LENGTH for code in codes)


def test_each_so_many_th_page_has_one() -> None:
    """By its number; where canaries are off, none."""
    assert [number for number in range(1, 10) if has_code(number, 3)] == [3, 6, 9]
    assert not any(has_code(number, None) for number in range(1, 10))


@pytest.mark.parametrize("captions", ["text", "page"])
def test_the_code_stands_on_its_page_and_on_no_other(captions: Captions) -> None:
    """Read from the pixels; and what is sent is what `pages` draws."""
    with open_memory(canaries=3, captions=captions) as memory:
        seals = memory.fold().visible_seals
        codes, pages = find_codes(seals, 3), list(memory.pages())
        sent = [pixel_digest(image.image) for image in pages]
    assert [page.digest for seal in seals for page in seal.pages] == sent
    assert [page.number for page in pages if codes[page.number]] == [3, 6, 9, 12]
    for page in pages[:7]:
        assert read_codes(page) == [codes[page.number]] * bool(codes[page.number])


def test_a_code_is_no_part_of_what_was_said() -> None:
    """Nothing that gives text has it: pages' text, zoom, recall, the export, ledgers, identifiers, captions."""
    with open_memory(canaries=1) as memory:
        codes = list(find_codes(memory.fold().visible_seals, 1).values())
        assert len(codes) > 5
        said = [page.text for page in memory.pages()]
        said += [memory.unfold(), *(passage.text for code in codes for passage in memory.recall(code))]
        said += [memory.zoom("page 3").text, *(str(one) for one in memory.identifiers(limit=10_000))]
        said += texts_of(memory)
    assert not [code for code in codes for text in said if code in text]


def test_a_lost_page_is_drawn_again_byte_for_byte(tmp_path: Path) -> None:
    """From its turns alone, by whoever opens the session next: nothing of a code is kept."""
    with open_memory(tmp_path / "chat.db", canaries=2, pages=tmp_path / "pages") as memory:
        images = memory.context().images
    files = [*(tmp_path / "pages").rglob("*.png")]
    for file in files:
        file.unlink()
    with GlyphMemory.open(
        tmp_path / "chat.db", policy=POLICY, canaries=2, pages=tmp_path / "pages"
    ) as memory:
        again = memory.context().images
        assert [image.data for image in again] == [image.data for image in images]
        assert memory.fold().generation == 1
    assert len(files) >= len(images) > 5


def test_nothing_changes_where_canaries_are_off() -> None:
    """Fingerprint, pages and note; with them the fingerprint is another one for each number."""
    assert Binder(canaries=None).fingerprint == Binder().fingerprint
    assert len({Binder(canaries=number).fingerprint for number in (None, 1, 2, 8)}) == 4
    with open_memory() as plain, open_memory(canaries=1000) as far:
        assert [page.digest for page in plain.pages()] == [page.digest for page in far.pages()]
        told, untold = ("".join(texts_of(memory)) for memory in (far, plain))
    assert told.replace(PAGE_CODES_NOTE, "") == untold != told


@pytest.mark.parametrize("text", ["§ page code 3C3C3C", "> § page code 3C3C3C", "see\n  §page code 3C3C3C"])
def test_a_turn_cannot_write_such_a_line(text: str) -> None:
    """On pages its sign is escaped, in recent text it is broken."""
    assert find_false_labels(text) == [text.index("§")]
    assert "§\\" in escape_anchors(text)
    assert show_page_code("3C3C3C") == "§ page code 3C3C3C"
    (page,) = typeset([Turn(role="user", text=text)])
    assert page.escapes == 1


@pytest.mark.parametrize(
    "style", [PageStyle.glyph(), PageStyle.dark(), PageStyle.glyph().dense(), PageStyle.code()]
)
def test_the_line_moves_lines_and_cuts_none(style: PageStyle) -> None:
    """What stands on the page keeps its letters and its order, wherever the code is put, in each look."""
    text = "\n\n".join(turn.text for turn in TALK[:12] if turn.text)
    page = typeset(text, style=style)[0]
    places = set()
    for run in map(str, range(12)):
        drawn = draw_code(page, run=run, begins=[0], style=style)
        assert (drawn.text, len(drawn.lines)) == (page.text, len(page.lines))
        assert drawn.size[0] == page.size[0]
        assert not drawn.size[1] % style.snap_px
        height = drawn.size[1] - page.size[1]
        moved = [other.box[1] - line.box[1] for line, other in zip(page.lines, drawn.lines, strict=True)]
        assert set(moved) <= {0, height}
        rows, kept = drawn.array(), page.array()
        top = next((line.box[1] for line, by in zip(page.lines, moved, strict=True) if by), page.size[1])
        assert (rows[:top] == kept[:top]).all()
        assert (rows[top + height :] == kept[top:]).all()
        places.add(top)
    assert style.reference or len(places) > 1


@pytest.mark.parametrize("odd", [0, -1, 2.5, "8", True])
def test_odd_canaries_are_refused(odd: object) -> None:
    """When the options are made."""
    with pytest.raises(PolicyError, match="canaries="):
        PageOptions(canaries=odd)  # type: ignore[arg-type]  # which is the point


def test_erased_turns_leave_no_code_behind() -> None:
    """Their page goes, and the code of the page that takes its place is another one."""
    with open_memory(canaries=1) as memory:
        seal = memory.fold().visible_seals[2]
        before = find_codes([seal], 1)
        memory.delete(seal.anchors[0])
        after = find_codes(memory.fold().visible_seals, 1)
        with pytest.raises(GlyphMemoryError):
            memory.zoom(seal.anchors[0])
    assert not set(before.values()) & set(after.values())
