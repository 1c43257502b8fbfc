"""The `PageStyle`: how text looks on a page, Glyph's rendering vector θ as one immutable value.

Knows sizes and colours; knows nothing about fonts as files, nor about any model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from glyph_memory.errors import StyleError, show_value
from glyph_memory.style.checks import check, snap
from glyph_memory.style.published import read_glyph_json

Alignment = Literal["left", "center", "right", "justify"]
"""Where the lines of a paragraph end."""

GLYPH_MARK = " \\n "
"""The newline mark that the released Glyph model knows: ` \\n `, drawn in red."""
NARROW_MARGIN_PT = 4
"""Of pages that are used up to the edge."""
_LABEL_COLORS = (("system", "#7A1FA2"), ("user", "#1A4FD6"), ("assistant", "#B45309"), ("tool", "#1B7F3B"))


@dataclass(frozen=True, kw_only=True, slots=True)
class PageStyle:
    """How text looks on a page.

    Lengths are in points; `dpi` turns them into pixels, one to one at 72. The defaults are the released Glyph
    model's own style. Change a style with `dataclasses.replace`, which validates it again.

    Example:
        >>> PageStyle.glyph().page_px
        (588, 840)
        >>> PageStyle(font_size_pt=12, line_height_pt=9)
        Traceback (most recent call last):
        ...
        glyph_memory.errors.StyleError: line_height_pt=9 is below font_size_pt=12: lines would overlap; \
raise line_height_pt to 12 or more
    """

    page_width_pt: float = 595
    """Width of the page, before snapping and cropping."""
    page_height_pt: float = 842
    """Height of the page, before snapping and cropping."""
    dpi: float = 72
    """Pixels an inch: 72 for 3-4x compression, 96 for 2-3x and easier reading."""
    snap_px: int = 28
    """Page sides become multiples of this, so that the model's processor does not resample: 28 for GLM and
    Qwen2-VL, 32 for Qwen3-VL, 1 for exactly the size asked for. The text box keeps its size; margins give."""
    margin_x_pt: float = 10
    """Left and right margin; also what is left standing right of the ink where the width is cropped."""
    margin_y_pt: float = 10
    """Top and bottom margin; also what is left standing below the ink where the last page is cropped."""
    padding_pt: float = 6
    """Between margin and text on all sides; the reference pipeline's frames add 6."""
    fill_page: bool = False
    """Whether the text box grows to the snapped page, margins and padding kept; otherwise it keeps its size."""
    columns: int = 1
    """Columns of text."""
    column_gap_pt: float = 14
    """Between two columns."""

    font: str = "sans"
    """`sans` and `mono` come with the package; or a path, or the family name of an installed font."""
    fallback_fonts: tuple[str, ...] = ()
    """Fonts to try next, before the package's own."""
    system_fonts: bool = True
    """Whether installed fonts may be used for characters that no other font covers (CJK needs one)."""
    font_size_pt: float = 9
    """Size of the font's em square."""
    line_height_pt: float = 10
    """From baseline to baseline."""
    letter_spacing_pt: float = 0
    """Added to every character's advance; may be a little negative."""
    horizontal_scale: float = 1
    """Stretches the page and all on it in width."""
    antialias: bool = True
    """Grey edges; without, glyphs are hinted to whole pixels, black or nothing."""
    space_shrink: float = 0.05
    """How much narrower spaces may get, as a share, to let one more word onto a line."""
    tab_spaces: int = 4
    """Width of a tab, in spaces."""

    alignment: Alignment = "left"
    """`justify` stretches spaces, but not on a paragraph's last line."""
    first_line_indent_pt: float = 0
    """Of a paragraph's first line; negative for a hanging one."""
    left_indent_pt: float = 0
    """Of every line."""
    right_indent_pt: float = 0
    """Of every line."""
    space_before_pt: float = 0
    """Above a paragraph, except at the top of a page."""
    space_after_pt: float = 0
    """Below a paragraph."""
    border_width_pt: float = 0
    """Of the frame round a paragraph."""
    border_padding_pt: float = 0
    """Between a paragraph's text and its frame or background."""
    paragraph_lines: int = 30
    """How many lines of the source make one paragraph, to which indents, spaces and frames apply; 30 in the
    reference. With a newline mark this is also how often a line really ends."""
    newline_mark: str = ""
    """Drawn in place of a line break, as `⏎` or ` \\n `, to save space; empty for real line breaks."""
    count_runs: bool = False
    """With a newline mark: draw blank lines, indentation, and long runs of spaces or of one sign as numbers in the
    mark's colour. Lines then never really end, whatever `paragraph_lines` says."""

    font_color: str = "#000000"
    """Of the text, as `#RRGGBB`."""
    page_color: str = "#FFFFFF"
    """Of the page."""
    paragraph_color: str = "#FFFFFF"
    """Behind a paragraph."""
    border_color: str = "#000000"
    """Of the frame round a paragraph."""
    newline_color: str = "#FF0000"
    """Of the newline mark."""
    role_colors: tuple[tuple[str, str], ...] = _LABEL_COLORS
    """Colour of each role's label on conversation pages; content never gets a label's colour."""

    crop_width: bool = True
    """Cut pages off right of the right-most ink, margin kept."""
    crop_last_page: bool = True
    """Cut the last page off below its last ink, margin kept."""
    reference: bool = False
    """Do as the reference pipeline does where we would do better: drop the characters it drops, keep runs of
    spaces unbroken, break whole texts with any CJK by its rules. For comparison only."""

    def __post_init__(self) -> None:
        """Raise an error for a style that cannot be drawn.

        Raises:
            StyleError: Two parameters contradict each other, or one is out of range; the message names them.
        """
        check(self)

    # Presets, listed in `PRESETS`: the six looks of Glyph's pre-training, the released one and its five themes.

    @classmethod
    def glyph(cls) -> Self:
        """The style that the released Glyph model was trained on, page sides snapped to 28 px (588 × 840)."""
        return cls()

    @classmethod
    def document(cls) -> Self:
        """A printed document: larger type, justified, indented paragraphs."""
        return cls(
            font_size_pt=11, line_height_pt=14, alignment="justify", first_line_indent_pt=16, space_after_pt=4,
            margin_x_pt=36, margin_y_pt=36, paragraph_lines=1,
        )  # fmt: skip

    @classmethod
    def web(cls) -> Self:
        """A web page: airy paragraphs in light boxes."""
        return cls(
            font_size_pt=10, line_height_pt=14, space_after_pt=6, margin_x_pt=24, margin_y_pt=24, paragraph_lines=1,
            page_color="#F3F5F8", paragraph_color="#FFFFFF", font_color="#1F2328", border_padding_pt=3,
        )  # fmt: skip

    @classmethod
    def dark(cls) -> Self:
        """Light text on a dark page."""
        return cls(
            font_color="#E6E6E6", page_color="#16181D", paragraph_color="#16181D", newline_color="#FF6B6B",
            role_colors=(("system", "#D19AF0"), ("user", "#7AB8FF"), ("assistant", "#FF9E80"), ("tool", "#7BD88F")),
        )  # fmt: skip

    @classmethod
    def code(cls) -> Self:
        """Monospaced, line for line."""
        return cls(font="mono", font_size_pt=9, line_height_pt=11, paragraph_lines=1)

    @classmethod
    def pixel(cls) -> Self:
        """Monospaced pixel type: no grey edges, whole-pixel advances."""
        return cls(font="mono", antialias=False, font_size_pt=10, line_height_pt=12)

    @classmethod
    def from_name(cls, name: str) -> Self:
        """Return the preset of that name.

        Raises:
            StyleError: There is none.
        """
        if name not in PRESETS:
            raise StyleError(f"no page style named {show_value(name)}; there are {', '.join(PRESETS)}")
        preset: Self = getattr(cls, name)()
        return preset

    @classmethod
    def of(cls, style: PageStyle | str) -> PageStyle:
        """Return a style, given itself or the name of a preset.

        Raises:
            StyleError: There is no such preset, or it is no style.
        """
        if isinstance(style, str):
            return cls.from_name(style)
        if not isinstance(style, PageStyle):
            raise StyleError(
                f"{show_value(style)} is no page style; give a PageStyle, or the name of a preset: {', '.join(PRESETS)}"
            )
        return style

    @classmethod
    def from_glyph_json(cls, path: str | Path) -> Self:
        """Read one of Glyph's published configuration files without changing any setting.

        The page is not snapped, and what the reference pipeline drops is dropped. Unknown keys are refused, so that
        no setting is lost silently.

        Args:
            path: A JSON file with keys such as `page-size`, `font-path`, `line-height`.

        Raises:
            StyleError: The file cannot be read, a key is unknown, or a value cannot be drawn.
        """
        return cls(**read_glyph_json(Path(path)))

    def with_snap_px(self, snap_px: int) -> Self:
        """Return this style with page sides that are multiples of `snap_px`."""
        return replace(self, snap_px=snap_px)

    def dense(self, newline_mark: str = GLYPH_MARK) -> Self:
        r"""Return this style with line breaks drawn as a red mark, so that short lines share one line of the page.

        Runs are counted, columns are given up, and the page is used up to a narrow margin.

        Args:
            newline_mark: The mark; the released Glyph model's own, ` \n `, unless given. A model has one in
                `ModelProfile.newline_mark`.
        """
        return replace(
            self.fill(), newline_mark=newline_mark, count_runs=True, columns=1, paragraph_lines=10_000
        )

    def fill(self) -> Self:
        """Return this style with pages that are used up to a narrow margin."""
        margins = {
            name: min(getattr(self, name), NARROW_MARGIN_PT) for name in ("margin_x_pt", "margin_y_pt")
        }
        return replace(self, **margins, padding_pt=0, fill_page=True)

    # Pixels. Only these turn points into pixels.

    def to_horizontal_px(self, points: float) -> float:
        """Convert points to pixels across the page."""
        return points * self.dpi / 72 * self.horizontal_scale

    def to_vertical_px(self, points: float) -> float:
        """Convert points to pixels down the page."""
        return points * self.dpi / 72

    @property
    def text_box_px(self) -> tuple[float, float]:
        """Width and height in pixels of the box that text may fill."""
        page = self.page_px if self.fill_page else self._asked_px
        return self._inset(page)

    @property
    def page_px(self) -> tuple[int, int]:
        """Width and height of a full page in pixels, snapped to the nearest multiple that still holds the text."""
        (width, height), least = self._asked_px, (0.0, 0.0) if self.fill_page else self._inset(self._asked_px)
        return (
            snap(width, at_least=max(least[0], 1), multiple=self.snap_px),
            snap(height, at_least=max(least[1], 1), multiple=self.snap_px),
        )

    @property
    def _asked_px(self) -> tuple[float, float]:
        return self.to_horizontal_px(self.page_width_pt), self.to_vertical_px(self.page_height_pt)

    def _inset(self, page: tuple[float, float]) -> tuple[float, float]:
        """Return a page's sides without its margins and padding."""
        across = self.to_horizontal_px(self.margin_x_pt + self.padding_pt)
        down = self.to_vertical_px(self.margin_y_pt + self.padding_pt)
        return page[0] - 2 * across, page[1] - 2 * down

    @property
    def column_px(self) -> float:
        """Width in pixels of one column of the text box."""
        gaps = self.to_horizontal_px(self.column_gap_pt) * (self.columns - 1)
        return (self.text_box_px[0] - gaps) / self.columns

    @property
    def lines_per_column(self) -> int:
        """How many lines fit below each other, where paragraphs add no space."""
        return int(self.text_box_px[1] / self.to_vertical_px(self.line_height_pt) + 1e-6)


PRESETS: Mapping[str, str] = {
    "glyph": "what the released Glyph model was trained on",
    "document": "larger type, justified, as printed",
    "web": "paragraphs in light boxes",
    "dark": "light letters on a dark page",
    "code": "monospaced, line for line",
    "pixel": "monospaced, no grey edges",
}
"""Names that `PageStyle.from_name` knows, and what each looks like. A preset is a constructor of that name, and a line
here: help, error messages and completion are made from this table."""
