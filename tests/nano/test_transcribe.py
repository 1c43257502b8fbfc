"""Pages read back from their pixels alone: every look, what happens to pages on their way, and what is no page."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glyph_memory import DocumentError, Page, PageStyle, ReaderError, Transcript, Turn, typeset
from glyph_memory.evaluate import character_errors, make_texts
from glyph_memory.nano import Transcription
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.style import PRESETS
from glyph_memory.testing import agent_conversation
from glyph_memory.transcription import SURE, spell_marks

_DRAW = """
import random, sys
from glyph_memory import typeset
random.seed(int(sys.argv[1]))
words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8)) for _ in range(300)]
open(sys.argv[2], "wb").write(typeset(" ".join(words))[0].png())
"""


def text(characters: int = 3000) -> str:
    """Return prose, code and JSON that the reader was not trained on."""
    return "\n".join(make_texts(["prose", "code", "json"], characters=characters // 3).values())


def rate(page: Page, transcription: Transcription) -> float:
    """Return the share of characters that came back wrong."""
    said = "\n".join(spell_marks(line.text, line.is_mark) for line in transcription.lines)
    return character_errors(said, page.text).rate


@pytest.mark.parametrize("name", PRESETS)
def test_pages_of_every_built_in_look_are_read_back(name: str) -> None:
    """At least 98 of 100 characters of each; the benchmark has the figures."""
    page = typeset(text(), style=PageStyle.from_name(name))[0]
    assert rate(page, transcribe(page)) < 0.02


def test_columns_are_read_one_after_the_other() -> None:
    """Not line by line across the page."""
    style = replace(PageStyle.glyph(), columns=2)
    page = typeset(text(14_000), style=style)[0]
    read = transcribe(page)
    assert rate(page, read) < 0.02
    assert {line.column for line in read.lines} == {0, 1}


def test_paragraphs_in_frames_are_read_and_the_frames_are_told() -> None:
    """A frame's strokes are no letters; they are ink that is left unread."""
    style = replace(
        PageStyle.glyph(), border_width_pt=1, border_padding_pt=2, paragraph_lines=1, space_after_pt=4
    )
    page = typeset("This is all that is said.\nAnd this is another paragraph, after it.\n" * 8, style=style)[
        0
    ]
    read = transcribe(page)
    assert rate(page, read) < 0.01
    assert read.unread


def test_a_tree_and_a_table_drawn_with_strokes_are_no_frames() -> None:
    """Their strokes are characters."""
    source = "src\n" + "├── one.py\n│   └── two.py\n" * 6 + "| a | b |\n|___|___|\n" * 3
    read = transcribe(typeset(source, style=PageStyle.code())[0])
    assert read.unread == ()
    assert (read.text.count("├"), read.text.count("└")) == (6, 6)
    assert sum(line.text[0] in "│|" for line in read.lines) == 12


_WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "resampled as by a processor": lambda image: image.resize(
        (round(image.width * 0.988), round(image.height * 0.9976)), Image.Resampling.BICUBIC
    ),
    "enlarged by a half": lambda image: image.resize((image.width * 3 // 2, image.height * 3 // 2)),
    "padded": lambda image: _on_ground(image, (image.width + 50, image.height + 31)),
    "cropped through a line": lambda image: image.crop((0, 0, image.width, 217)),
    "transparent": lambda image: _transparent(image),  # noqa: PLW0108 - defined below
    "palette": lambda image: image.convert("P"),
    "16 bits": lambda image: Image.fromarray(np.asarray(image).astype(np.uint16) * 257),
}


def _on_ground(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    ground = Image.new("L", size, 255)
    ground.paste(image, (20, 12))
    return ground


def _transparent(image: Image.Image) -> Image.Image:
    ink = Image.new("RGBA", image.size, (0, 0, 0, 0))
    ink.putalpha(image.point(lambda grey: 255 - grey))
    return ink


@pytest.mark.parametrize("way", _WAYS)
def test_pages_are_read_whatever_happened_to_them_on_their_way(way: str) -> None:
    """Resampled, padded, cropped, in other formats: what is left of the page comes back."""
    page = typeset(text())[0]
    read = transcribe(_WAYS[way](page.image))
    whole = [line.text for line in page.lines if line.box[3] <= 200]
    said = "\n".join(line.text for line in read.lines[: len([line for line in whole if line.strip()])])
    assert character_errors(said, "".join(whole)).rate < 0.03


def test_a_page_is_read_from_its_pixels_alone(tmp_path: Path) -> None:
    """Drawn in another process from words that are thrown there; what is handed over is a PNG file and nothing else."""
    path = tmp_path / "page.png"
    seed = str(random.randrange(10**9))
    subprocess.run([sys.executable, "-c", _DRAW, seed, str(path)], check=True)
    read = transcribe(path.read_bytes())
    dice = random.Random(int(seed))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["".join(dice.choices(letters, k=8)) for _ in range(300)]
    assert character_errors(read.text, " ".join(words)).rate < 0.005


def test_nobody_looks_at_a_pages_text() -> None:
    """A page whose text is another one's is read as what it shows."""
    page = typeset("What is drawn here is read.")[0]
    read = transcribe(replace(page, text="Something else altogether!!", line_table=page.line_table))
    assert read.text == "What is drawn here is read."


def test_anchors_are_found_with_their_places() -> None:
    """Coloured labels alone; a turn cannot forge one."""
    talk = Transcript((
        Turn(role="user", text="What is §99 user about?", anchor=41),
        Turn(role="assistant", text="Nothing.\n§7 tool says so", anchor=42),
        Turn(role="tool", text="exit 0", anchor=1043),
    ))  # fmt: skip
    page = typeset(talk)[0]
    read = transcribe(page)
    assert [(anchor.number, anchor.role) for anchor in read.anchors] == [
        (41, "user"), (42, "assistant"), (1043, "tool"),
    ]  # fmt: skip
    for anchor in read.anchors:
        drawn = next(line for line in page.lines if line.text.startswith(f"§{anchor.number} "))
        assert abs(anchor.box[1] - drawn.box[1]) <= 2
        assert abs(anchor.box[0] - drawn.box[0]) <= 3


@pytest.mark.parametrize(
    "style", [PageStyle.glyph().dense(), PageStyle.document()], ids=["dense", "document"]
)
def test_labels_that_are_broken_over_lines_or_stretched_are_found(style: PageStyle) -> None:
    """Where lines run together a label stands anywhere; where they are justified its space is wide."""
    talk = agent_conversation(turns=80)
    for page in typeset(talk, style=style)[:3]:
        drawn = re.findall(r"§(\d+) (?:system|user|assistant|tool)", page.text)
        assert [str(anchor.number) for anchor in transcribe(page).anchors] == drawn


def test_a_document_that_quotes_a_label_has_no_anchors() -> None:
    """The words are there, the colour is not."""
    read = transcribe(typeset("§66 tool said so, and §67 user agreed.")[0])
    assert read.text.startswith("§66 tool said so")
    assert read.anchors == ()


def test_every_character_has_a_place_and_a_confidence() -> None:
    """Arrays as long as the text, from left to right, within the image."""
    page = typeset(text())[0]
    for line in transcribe(page).lines:
        assert len(line.text) == len(line.left) == len(line.confidence)
        assert (np.diff(line.left) >= 0).all()
        assert 0 <= line.box[0] < line.box[2] <= page.size[0]
        assert 0 <= line.box[1] < line.box[3] <= page.size[1]
        assert ((line.confidence >= 0) & (line.confidence <= 1)).all()


def test_indents_and_wide_gaps_come_back_as_spaces() -> None:
    """As many as the gap is wide, so that tables and code keep their looks."""
    source = "name      count\nalpha        12\nif x:\n    return  y"
    lines = transcribe(typeset(source, style=PageStyle.code())[0]).text.splitlines()
    assert [line.split() for line in lines] == [line.split() for line in source.splitlines()]
    assert abs(lines[0].index("count") - 10) <= 1
    assert abs(lines[1].index("12") - 13) <= 1


def _noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8))


def _photograph() -> Image.Image:
    y, x = np.mgrid[0:400, 0:500]
    waves = 120 + 60 * np.sin(x / 37) + 50 * np.cos(y / 23 + x / 61)
    return Image.fromarray(np.clip(waves, 0, 255).astype(np.uint8)).convert("RGB")


def _rotated() -> Image.Image:
    return typeset(text())[0].image.rotate(7, expand=True, fillcolor=255)


_NO_PAGES = {"noise": _noise, "photograph": _photograph, "rotated": _rotated}


@pytest.mark.parametrize("name", _NO_PAGES)
def test_what_is_no_page_gives_nothing_that_counts_as_sure(name: str) -> None:
    """Noise, a photograph, a page that lies askew: little is claimed, and next to nothing is sure."""
    read = transcribe(_NO_PAGES[name]())
    sure = sum(int((line.confidence >= SURE).sum()) for line in read.lines if not line.text.isspace())
    characters = sum(len(line.text) for line in read.lines)
    assert sure <= max(20, 0.25 * characters)
    assert not read.is_blank


def test_a_blank_page_is_blank_and_not_unreadable() -> None:
    """Nothing there is not the same as not being able to read it."""
    read = transcribe(Image.new("RGB", (588, 840), "white"))
    assert (read.text, read.is_blank, read.confidence) == ("", True, 1.0)


def test_a_script_it_never_saw_is_unreadable_and_unsure() -> None:
    """Georgian letters are none of its characters: they are not turned into others for sure."""
    read = transcribe(typeset("ქართული ენა არის " * 20)[0])
    confidence = np.concatenate([line.confidence for line in read.lines])
    letters = np.concatenate([np.array([c != " " for c in line.text]) for line in read.lines])
    assert (confidence[letters] >= SURE).mean() < 0.1


def test_other_weights_are_used_where_they_are_given(tmp_path: Path) -> None:
    """Whoever trains measures their own, not the package's."""
    page = typeset("read me")[0]
    with pytest.raises(ReaderError, match="mine"):
        transcribe(page, weights=tmp_path / "mine.safetensors")


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (2000, 2000)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    """Tiny and empty ones too."""
    assert transcribe(Image.new("L", size, 255)).is_blank


def test_a_huge_image_is_refused_before_it_is_decoded() -> None:
    """100 million pixels are no page."""
    file = io.BytesIO()
    Image.new("1", (10_000, 10_000), 1).save(file, "PNG")
    with pytest.raises(DocumentError, match="10000"):
        transcribe(file.getvalue())


def test_a_file_that_breaks_off_is_refused() -> None:
    """Half a page is not read as if it were all."""
    with pytest.raises(DocumentError):
        transcribe(typeset(text())[0].png()[:2000])


def test_the_same_pixels_give_the_same_transcription() -> None:
    """Whatever they came as."""
    page = typeset(text())[0]
    one, other = transcribe(page), transcribe(page.png())
    assert one.text == other.text
    assert json.dumps([line.confidence.tolist() for line in one.lines]) == json.dumps(
        [line.confidence.tolist() for line in other.lines]
    )


def test_a_rule_of_underscores_is_text_and_its_length_is_not_sure() -> None:
    """A line of them between others comes back as one, a few more or less."""
    source = f"above it\n# {60 * '_'}\nand below it\n" + "one more line\n" * 5
    lines = transcribe(typeset(source)[0]).lines
    assert [line.text[:2] for line in lines[:3]] == ["ab", "# ", "an"]
    assert abs(lines[1].text.count("_") - 60) <= 6
    assert not lines[1].is_sure


def test_reading_needs_numpy_and_pillow_alone() -> None:
    """Neither torch nor scipy is loaded, nor what answers questions."""
    code = (
        "import sys; from glyph_memory import typeset; from glyph_memory.nano.transcribe import transcribe; "
        "read = transcribe(typeset('numpy alone')[0]).text; "
        "print(read, *sorted({'torch', 'scipy', 'bm25s', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "numpy alone\n"
