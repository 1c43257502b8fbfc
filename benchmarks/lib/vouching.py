"""Whether the nano reader's limits for vouching fit its weights: `python -m lib.vouching`, from `benchmarks/`.

Reads pages of all shipped looks and pages in other fonts, and prints of each how many characters are wrong, how many
of these seem sure, and what share is lost and unsure. The limits of `glyph_memory.nano.vouch` belong above those of
shipped looks, and below those of foreign pages that have silent errors; the last lines say between which numbers.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from glyph_memory import PageStyle, typeset
from glyph_memory.evaluate import make_texts
from glyph_memory.nano.network import WEIGHTS
from glyph_memory.nano.transcribe import transcribe
from glyph_memory.nano.vouch import LOST_AT_MOST, UNSURE_AT_MOST, measure_doubt
from glyph_memory.style import PRESETS
from glyph_memory.testing import agent_conversation
from glyph_memory.transcription import SURE, Transcription

FONTS = Path("/usr/share/fonts/truetype/dejavu")
"""Fonts that every machine of the benchmarks has; more are given with `--fonts`."""
_SIZES_PX = (9, 12, 14)
_SILENT = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A picture and what stands on it."""

    name: str
    """What it is."""
    is_own: bool
    """Whether it is a page of a shipped look, as it was typeset."""
    image: Image.Image
    """The picture."""
    text: str
    """Its lines."""


def iter_samples(fonts: list[Path]) -> Iterator[Sample]:
    """Yield pages of shipped looks, then foreign ones: other fonts with and without hints, scaled and blurred pages."""
    texts = make_texts(["prose", "code", "json"], characters=2600)
    for name in PRESETS:
        for kind, source in (("texts", "\n".join(texts.values())), ("talk", agent_conversation(turns=60))):
            page = typeset(source, style=PageStyle.from_name(name))[0]
            text = "\n".join(line.text for line in page.lines)
            yield Sample(name=f"{name} {kind}", is_own=True, image=page.image, text=text)
    lines = [line[:80] for line in f"{texts['prose']}\n{texts['code']}".split("\n") if line.strip()][:30]
    for font in fonts:
        for size_px in _SIZES_PX:
            for zoom in (1, 4):
                image = _draw(lines, font, size_px, zoom)
                hinted = "hinted" if zoom == 1 else "smooth"
                yield Sample(
                    name=f"{font.stem} {size_px} {hinted}", is_own=False, image=image, text="\n".join(lines)
                )
    page = typeset("\n".join(texts.values()))[0]
    text, grey = "\n".join(line.text for line in page.lines), page.image.convert("L")
    for factor in (0.8, 0.9, 1.1, 1.3):
        size = round(grey.width * factor), round(grey.height * factor)
        for way in (Image.Resampling.BICUBIC, Image.Resampling.NEAREST):
            yield Sample(name=f"{way.name} x{factor}", is_own=False, image=grey.resize(size, way), text=text)
    for radius in (0.5, 0.8):
        blurred = grey.filter(ImageFilter.GaussianBlur(radius))
        yield Sample(name=f"blurred {radius}", is_own=False, image=blurred, text=text)


def _draw(lines: list[str], path: Path, size_px: int, zoom: int) -> Image.Image:
    """Draw lines; larger first and scaled down, a font's hints do not show."""
    font = ImageFont.truetype(str(path), size_px * zoom)
    pitch = round(1.25 * size_px)
    width, height = max(int(font.getlength(line)) // zoom for line in lines) + 20, pitch * len(lines) + 16
    image = Image.new("L", (width * zoom, height * zoom), 255)
    pen = ImageDraw.Draw(image)
    for place, line in enumerate(lines):
        pen.text((8 * zoom, (8 + pitch * place) * zoom), line, font=font, fill=0)
    return image.resize((width, height), Image.Resampling.BOX)


def measure_errors(read: Transcription, text: str) -> tuple[float, float]:
    """Return what share of a page's characters came back wrong, and what share of them seemed sure."""
    said = "\n".join(line.text for line in read.lines)
    sure = np.concatenate([np.append(line.confidence >= SURE, False) for line in read.lines] or [np.zeros(0)])
    wrong = np.array([not sign.isspace() for sign in said], np.bool_)
    for first, _, size in difflib.SequenceMatcher(None, said, text, autojunk=False).get_matching_blocks():
        wrong[first : first + size] = False
    return wrong.sum() / len(text), (wrong & (sure[: len(wrong)] > 0)).sum() / len(text)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--fonts", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    own, foreign = list[tuple[float, float]](), list[tuple[float, float]]()
    for sample in iter_samples([*sorted(FONTS.glob("DejaVu*.ttf"))[::5], *options.fonts]):
        read = transcribe(sample.image, weights=options.weights, withholds=False)
        wrong, silent = measure_errors(read, sample.text)
        plain, _ = measure_doubt(read.lines)
        shares = plain.lost / max(plain.count, 1), plain.unsure / max(plain.count, 1)
        if sample.is_own:
            own.append(shares)
        elif silent > _SILENT:
            foreign.append(shares)
        print(
            f"{sample.name:36s} wrong {wrong:6.2%} silent {silent:6.2%} lost {shares[0]:6.2%} unsure {shares[1]:6.1%} "
            f"{read.reason or 'vouched'}",
            flush=True,
        )
    for place, (name, limit) in enumerate((("lost", LOST_AT_MOST), ("unsure", UNSURE_AT_MOST))):
        most, least = max(one[place] for one in own), min((one[place] for one in foreign), default=1.0)
        print(
            f"{name}: limit {limit:.2%}; shipped looks up to {most:.2%}, silent foreign pages from {least:.2%}"
        )


if __name__ == "__main__":
    main()
