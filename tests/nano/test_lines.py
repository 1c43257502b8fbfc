"""Lines are found where the typesetter put them: on every preset, cropped, padded, resampled, noisy."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from glyph_memory import PageStyle, typeset
from glyph_memory.nano.sight.image import load, measure_ink
from glyph_memory.nano.sight.lines import FoundLines, find_lines
from glyph_memory.style import PRESETS
from glyph_memory.testing import agent_conversation
from glyph_memory.transcript import Transcript
from glyph_memory.typesetting.trace import Trace, trace_pages

WORDS = (
    *(
        "the",
        "quiet",
        "harbour",
        "keeps",
        "its",
        "boats",
        "under",
        "a",
        "pale",
        "sky",
        "while",
        "gulls",
        "argue",
    ),
    *("about", "yesterday", "and", "bread"),
)
ODD = ["}", "---", "_", '"', "...", ");", "'", "=", "* * *", "|", "~", "^", "i", "[]", ",", "- -"]
TALK = agent_conversation(turns=120)
NEAR_PX = 0.75

Spot = tuple[float, int]
"""A baseline and its column."""
Extent = tuple[float, float]
"""Left and right."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture, and where its lines are."""

    image: Image.Image
    """As it is looked at."""
    whole: tuple[Spot, ...]
    """Lines that are there from top to bottom, in reading order."""
    partial: tuple[Spot, ...] = ()
    """Lines of which the picture's edge has left a part."""
    extents: tuple[Extent, ...] = ()
    """From where to where the whole lines reach."""


def prose(seed: int, *, lines: int = 60, longest: int = 90) -> str:
    """Make up lines of words, now and then a blank one or a very short one."""
    roll = random.Random(seed)
    made = []
    for _ in range(lines):
        count = roll.choice([1, 2, roll.randint(1, 15), longest])
        made.append(
            " ".join(roll.choice(WORDS) for _ in range(count)).capitalize() + roll.choice([".", "", ":"])
        )
        made += [""] * (roll.random() < 0.1)
    return "\n".join(made)


def shown(trace: Trace, style: PageStyle) -> list[tuple[Spot, Extent]]:
    """Return the lines that show something: their baselines and columns, and from where to where they reach."""
    inked = np.array([not sign.isspace() for sign in trace.text]) | trace.marked
    lefts = trace.page.line_table[:, 2]
    step = style.column_px + style.to_horizontal_px(style.column_gap_pt)
    columns = ((lefts - lefts.min() + 1) // step).astype(int)
    lines = []
    for line in np.unique(trace.line[inked]).tolist():
        own = inked & (trace.line == line)
        reach = float(trace.x[own].min()), float((trace.x + trace.advance)[own].max())
        lines.append(((float(trace.baselines[line]), int(columns[line])), reach))
    return lines


def sheet_of(source: str | Transcript, style: PageStyle, *, page: int = 0) -> Sheet:
    """Typeset a text; give one of its pages."""
    trace = list(trace_pages(source, style=style))[page]
    lines = shown(trace, style)
    return Sheet(
        trace.page.image,
        tuple(spot for spot, _ in lines),
        extents=tuple(extent for _, extent in lines),
    )


def found_on(image: Image.Image) -> FoundLines:
    """Find the lines of a picture."""
    return find_lines(measure_ink(load(image)))


def wrong(sheet: Sheet, found: FoundLines) -> int:
    """Count the lines that are missing or off, or those that are invented or off, whichever are more."""
    free = [(line.baseline, line.column) for line in found.lines]
    missing = 0
    for spots, reach in ((sheet.whole, NEAR_PX), (sheet.partial, 4.0)):
        for baseline, column in spots:
            near = [spot for spot in free if spot[1] == column and abs(spot[0] - baseline) <= reach]
            if near:
                free.remove(min(near, key=lambda spot: abs(spot[0] - baseline)))
            missing += not near and spots is sheet.whole
    return max(missing, len(free))


def test_a_default_page_has_its_82_lines_exactly_where_they_are() -> None:
    """Lines touch each other there, and a pixel is a tenth of a line."""
    style = PageStyle.glyph()
    sheet = sheet_of(prose(1, lines=400, longest=30), style)
    found = found_on(sheet.image)
    assert [line.baseline for line in found.lines] == pytest.approx([y for y, _ in sheet.whole], abs=0.2)
    assert found.pitch_px == pytest.approx(10, abs=0.02)
    assert found.size_px == pytest.approx(9, rel=0.08)
    assert not found.unread


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("change", ["", "dense", "columns=2", "columns=3", "dpi=96", "last"])
def test_every_line_of_every_preset_is_found(name: str, change: str) -> None:
    """Conversations and prose, none missing, none invented, in reading order."""
    style = PageStyle.from_name(name)
    if change == "dense":
        style = style.dense()
    elif change.startswith("columns"):
        style = replace(style, columns=int(change[-1]))
    elif change.startswith("dpi"):
        style = replace(style, dpi=96)
    for source in (TALK, prose(2)):
        sheet = sheet_of(source, style, page=-1 if change == "last" else 0)
        found = found_on(sheet.image)
        assert wrong(sheet, found) == 0
        assert [line.column for line in found.lines] == [column for _, column in sheet.whole]


@pytest.mark.parametrize("font", ["sans", "mono"])
@pytest.mark.parametrize("size", [7, 8, 9, 10, 11, 12, 13, 14])
def test_sizes_and_line_heights_are_told(font: str, size: int) -> None:
    """From lines set solid to one and a half times as high."""
    for height in (1.0, 1.1, 1.3, 1.5):
        style = PageStyle(font=font, font_size_pt=size, line_height_pt=round(size * height, 2))
        sheet = sheet_of(TALK, style)
        found = found_on(sheet.image)
        assert wrong(sheet, found) <= 1
        assert found.size_px == pytest.approx(size, rel=0.08)
        assert found.pitch_px == pytest.approx(style.line_height_pt, rel=0.01)


def test_where_lines_begin_and_end_is_told() -> None:
    """To a pixel or two, indents included."""
    text = "Here stands a line.\n    Here another one, further in.\nEnd"
    sheet = sheet_of("\n".join([text] * 9), PageStyle.glyph())
    lines = found_on(sheet.image).lines
    assert len(lines) == 27
    for line, extent in zip(lines, sheet.extents, strict=True):
        assert (line.left, line.right) == pytest.approx(extent, abs=2)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("indent", ["", "        "])
def test_lines_of_a_single_sign_stand_on_the_grid_of_their_neighbours(odd: str, indent: str) -> None:
    """A brace, a dash or a dot alone does not tell its baseline."""
    full = "and so it goes on for a while longer than one would think\n"
    sheet = sheet_of(
        full * 3 + indent + odd + "\n" + full + indent + odd + "\n\n" + full * 2, PageStyle.glyph()
    )
    assert wrong(sheet, found_on(sheet.image)) == 0


@pytest.mark.parametrize(
    "text", ["Hello", "no more", "gypsy", "4711", "Typing", "one\ntwo", "a b c\n\nd e f"]
)
@pytest.mark.parametrize("name", ["glyph", "document", "code"])
def test_a_page_of_a_word_or_two_is_enough(text: str, name: str) -> None:
    """The last page of a text may hold no more."""
    sheet = sheet_of(text, PageStyle.from_name(name))
    assert wrong(sheet, found_on(sheet.image)) == 0


@pytest.mark.parametrize(
    "row", ["{a:%H:%M}  {b:.3f}   {c:6d}     {d:4d}  {e:6d}", "{a:%d.%m.%Y %H:%M:%S}    {c:9d}   {c:8d}"]
)
def test_a_table_is_one_column(row: str) -> None:
    """Its gaps run from top to bottom, too, and its parts may happen to be equally wide."""
    roll, rows = random.Random(3), []
    for _ in range(60):
        when = datetime(2025, 3, 3) + timedelta(seconds=roll.randint(0, 10**7))
        numbers = {"c": roll.randint(10**8, 10**9 - 1) if "9d" in row else roll.randint(1, 4000)}
        rows.append(
            row.format(a=when, b=roll.random(), d=roll.randint(1, 99), e=roll.randint(1, 900), **numbers)
        )
    sheet = sheet_of("\n".join(rows), PageStyle.code())
    assert wrong(sheet, found_on(sheet.image)) == 0


def disturbed(sheet: Sheet, size_px: float, roll: random.Random) -> Sheet:
    """Crop, pad, resample, add noise, compress; any of them."""
    image = sheet.image.convert("RGB")
    across, down, scale = 0.0, 0.0, (1.0, 1.0)
    if roll.random() < 0.4:
        left, top = roll.randint(0, image.width // 5), roll.randint(0, image.height // 4)
        image = image.crop((left, top, image.width, image.height - roll.randint(0, image.height // 4)))
        across, down = across - left, down - top
    if roll.random() < 0.3:
        left, top, grey = roll.randint(0, 60), roll.randint(0, 60), roll.choice([255, 128, 200, 235])
        padded = Image.new("RGB", (image.width + left + 20, image.height + top + 9), (grey,) * 3)
        padded.paste(image, (left, top))
        image, across, down = padded, across + left, down + top
    if roll.random() < 0.6:
        factor = roll.choice([roll.uniform(0.9, 1.12), roll.uniform(0.9, 1.12), 0.998, 1.5])
        size = (round(image.width * roll.uniform(0.9, 1.12)), round(image.height * factor))
        scale = size[0] / image.width, size[1] / image.height
        image = image.resize(size, Image.Resampling.BICUBIC)
    if roll.random() < 0.2:
        noise = np.random.default_rng(roll.randint(0, 10**6)).normal(
            0, 0.05 * 255, (image.height, image.width, 3)
        )
        image = Image.fromarray(np.clip(np.rint(np.asarray(image) + noise), 0, 255).astype(np.uint8))
    if roll.random() < 0.2:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=roll.randint(60, 95))
        image = Image.open(file)
    whole: list[Spot] = []
    partial: list[Spot] = []
    for (y, column), extent in zip(sheet.whole, sheet.extents, strict=True):
        baseline = (y + down) * scale[1]
        left_px, right_px = ((x + across) * scale[0] for x in extent)
        seen = min(right_px, image.width) - max(left_px, 0)
        is_whole = 0.8 * size_px * scale[1] < baseline < image.height - 2
        is_wide = seen > min(8, 0.9 * (right_px - left_px))
        (whole if is_whole and is_wide else partial).append((baseline, column))
    return Sheet(image, tuple(whole), tuple(partial))


def test_cropped_padded_resampled_noisy_and_compressed_pages_keep_their_lines() -> None:
    """Of all lines of many pages, 99.5 in 100 are within three quarters of a pixel, and none is invented."""
    roll, lines, errors = random.Random(5), 0, 0
    for _ in range(40):
        fixed = [name for name in PRESETS if name != "auto"]  # which looks like one of the others
        style = replace(PageStyle.from_name(roll.choice(fixed)), crop_width=False)
        style = replace(style, columns=roll.choice([1, 1, 2]), dpi=roll.choice([72, 72, 96]))
        written = prose(roll.randint(0, 99), longest=roll.choice([90, 200]))
        source: str | Transcript = TALK if roll.random() < 0.4 else written
        sheet = disturbed(sheet_of(source, style), style.to_vertical_px(style.font_size_pt), roll)
        lines += len(sheet.whole)
        errors += wrong(sheet, found_on(sheet.image))
    assert lines > 2000
    assert errors <= 0.005 * lines


def photograph(width: int, height: int, seed: int = 7) -> NDArray[np.uint8]:
    """Make up something like a photograph: a sky, hills, blobs of light."""
    roll = np.random.default_rng(seed)
    down, across = np.mgrid[0:height, 0:width]
    scene = (
        120
        + 80 * np.sin(across / 97) * np.cos(down / 71)
        - 60 * (down > height / 2 + 30 * np.sin(across / 40))
    )
    for x, y, size in roll.uniform(0, 1, (12, 3)):
        scene += 90 * np.exp(-((across - x * width) ** 2 + (down - y * height) ** 2) / (20 + 60 * size) ** 2)
    noisy = np.clip(scene + roll.normal(0, 6, scene.shape), 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(1)))


def test_a_blank_page_has_nothing_and_a_black_one_something_unread() -> None:
    """Nothing there is not the same as nothing that can be read."""
    for shape in ((840, 588), (1, 1), (3, 400)):
        blank = find_lines(np.zeros(shape, np.float32))
        assert (blank.lines, blank.unread) == ((), ())
        black = find_lines(np.ones(shape, np.float32))
        assert not black.lines
        assert black.unread == ((0, 0, shape[1], shape[0]),)


def test_noise_is_unread() -> None:
    """Every pixel at random is no line."""
    roll = np.random.default_rng(2)
    for noise in (roll.random((400, 300)), roll.random((400, 300)) > 0.9, roll.random((400, 300)) > 0.5):
        found = find_lines(noise.astype(np.float32))
        assert not found.lines
        assert found.unread


def test_a_photograph_is_unread_and_leaves_the_lines_beside_it_alone() -> None:
    """A page may show a picture between its lines."""
    picture = photograph(260, 180)
    alone = found_on(Image.fromarray(photograph(500, 400)))
    assert len(alone.lines) <= 1
    assert alone.unread
    sheet = sheet_of(prose(4, lines=200, longest=14), PageStyle.glyph())
    page = np.array(sheet.image)
    page[300:480, 100:360] = picture
    found = found_on(Image.fromarray(page))
    rows = [y for y, _ in sheet.whole if y < 296 or y - 9 > 484]
    near = [y for y in rows if any(abs(line.baseline - y) <= NEAR_PX for line in found.lines)]
    assert len(near) >= 0.98 * len(rows)
    assert any(
        left < 130 and top < 330 and right > 330 and bottom > 450 for left, top, right, bottom in found.unread
    )


@pytest.mark.parametrize("degrees", [2, -3, 10, 45, 90])
def test_a_turned_page_breaks_nothing(degrees: float) -> None:
    """What is found may be poor; nothing at all is not found on a page full of ink."""
    page = typeset(prose(6), style=PageStyle.glyph())[0].image
    found = found_on(page.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC))
    assert found.lines or found.unread


def test_any_size_and_any_ink_is_taken() -> None:
    """From one pixel up; every line and box is inside the picture."""
    roll = random.Random(8)
    for _ in range(60):
        height, width = roll.choice([1, 2, 3, 7, 8, 9, 17, 40, 90]), roll.choice([1, 2, 5, 8, 23, 60, 200])
        ink = np.random.default_rng(roll.randint(0, 10**6)).random((height, width))
        found = find_lines((ink > roll.random()).astype(np.float32) * np.float32(roll.uniform(0.2, 1)))
        for left, top, right, bottom in found.unread:
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
        for line in found.lines:
            assert 0 <= line.left < line.right <= width


def test_the_same_page_has_the_same_lines() -> None:
    """Nothing is left to chance."""
    image = sheet_of(TALK, PageStyle.web()).image
    assert found_on(image) == found_on(image)
