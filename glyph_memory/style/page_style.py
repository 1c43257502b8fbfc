"""The `PageStyle`: how text looks on a page, Glyph's rendering vector θ as one immutable value.

Knows sizes and colours; knows nothing about fonts as files, nor about any model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, Self

from glyph_memory.errors import StyleError, show_value
from glyph_memory.style.calibration_file import read_calibrated_style
from glyph_memory.style.checks import check
from glyph_memory.style.page_box import PageBox
from glyph_memory.style.page_taker import PageTaker
from glyph_memory.style.published import read_glyph_json
from glyph_memory.style.style_file import read_style_file

Alignment = Literal["left", "center", "right", "justify"]
"""Where the lines of a paragraph end."""
Layout = Literal["fixed", "auto"]
"""Whether a style's layout is as it says, or chosen for each text."""

GLYPH_MARK = " \\n "
"""The newline mark that the released Glyph model knows: ` \\n `, drawn in red."""
_LABEL_COLORS = (("system", "#7A1FA2"), ("user", "#1A4FD6"), ("assistant", "#B45309"), ("tool", "#1B7F3B"))


@dataclass(frozen=True, kw_only=True, slots=True)
class PageStyle(PageBox):
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

    font: str = "sans"
    """`sans` and `mono` come with the package; or a path, or the family name of an installed font."""
    fallback_fonts: tuple[str, ...] = ()
    """Fonts to try next, before the package's own."""
    system_fonts: bool = True
    """Whether installed fonts may be used for characters that no other font covers (CJK needs one)."""
    font_size_pt: float = 9
    """Size of the font's em square."""
    letter_spacing_pt: float = 0
    """Added to every character's advance; may be a little negative."""
    antialias: bool = True
    """Grey edges; without, glyphs are hinted to whole pixels, black or nothing."""
    space_shrink: float = 0.05
    """How much narrower spaces may get, as a share, to let one more word onto a line."""
    tab_spaces: int = 4
    """Width of a tab, in spaces."""
    align_tables: bool = True
    """Whether a line that looks like a row of a table, with columns of spaces or bars, is drawn monospaced, so that
    columns stand below each other; one that would not fit on a line of the page is not. Nothing changes where the
    font is monospaced or line breaks are marks."""

    alignment: Alignment = "left"
    """`justify` stretches spaces, but not on a paragraph's last line, nor on one that is less than 3/4 full."""
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
    reference. 0: as many as stand between blank ones. With a newline mark this is also how often a line really ends."""
    newline_mark: str = ""
    """Drawn in place of a line break, as `⏎` or ` \\n `, to save space; empty for real line breaks."""
    layout: Layout = "fixed"
    """`auto` chooses for each text: real lines, columns, narrower pages, or marks for line breaks, for which the style
    then has the mark. See `auto`."""
    line_price: float = 0.1
    """By how much, as a share, real lines may cost more than marks where the layout is chosen."""
    wrap_share: float = 0.02
    """Which share of the lines may be wrapped where columns and narrower pages are chosen."""
    count_runs: bool = False
    """With a newline mark: draw blank lines, indentation, tabs, and long runs of spaces or of one sign as numbers in
    the mark's colour. Lines then never really end, whatever `paragraph_lines` says, and may end behind a comma or a
    bracket without a space, too."""

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
        """A printed document: larger type, justified, wider margins."""
        return cls(
            font_size_pt=10,
            line_height_pt=12,
            alignment="justify",
            margin_x_pt=18,
            margin_y_pt=18,
            paragraph_lines=0,
        )

    @classmethod
    def web(cls) -> Self:
        """A web page: paragraphs in light boxes, with the text's blank lines between them."""
        return cls(
            line_height_pt=12, paragraph_lines=0, border_padding_pt=2,
            page_color="#F3F5F8", paragraph_color="#FFFFFF", font_color="#1F2328",
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

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Read a style that the search for one saved; see `from_glyph_json` for Glyph's own files.

        Raises:
            StyleError: It cannot be read, holds none, or one that cannot be drawn.
        """
        return cls(**read_style_file(path, known=[one.name for one in fields(cls)]))

    @classmethod
    def from_calibration(cls, path: str | Path, kind: str | None = None) -> Self:
        """Return the densest style that a model was found to read.

        Args:
            path: The file that `glyph-memory calibrate` wrote.
            kind: For which kind of text, such as "code"; for all that were measured unless given.

        Raises:
            GlyphMemoryError: The file cannot be read.
            StyleError: It is no calibration, of another version, or has no such style.
        """
        return cls(**read_calibrated_style(path, kind, known=[one.name for one in fields(cls)]))

    def with_snap_px(self, snap_px: int) -> Self:
        """Return this style with page sides that are multiples of `snap_px`."""
        return replace(self, snap_px=snap_px)

    @classmethod
    def auto(
        cls, profile: PageTaker | None = None, *, line_price: float = 0.1, wrap_share: float = 0.02
    ) -> Self:
        """Return the style that fits each text: of layouts with the same letters, the cheapest.

        Real lines, columns or narrower pages, or marks for line breaks with counted runs, on pages that are used up to
        a narrow margin. What was chosen is on each page's `style`. The choice depends on the text's beginning alone.

        Args:
            profile: The model that will read, as a `ModelProfile`: pages get sides that it does not rescale, and the
                mark that it knows. The released Glyph model unless given.
            line_price: By how much, as a share, real lines may cost more than marks; 0 for always the cheapest, 100 for
                always real lines.
            wrap_share: Which share of the lines columns and narrower pages may wrap.

        Raises:
            StyleError: A share is out of range.

        Example:
            >>> PageStyle.auto().layout, PageStyle.auto().page_px
            ('auto', (588, 840))
        """
        snap_px, mark = (profile.snap_px, profile.newline_mark) if profile else (28, GLYPH_MARK)
        dense = cls(snap_px=snap_px).dense(mark)
        return replace(dense, layout="auto", line_price=line_price, wrap_share=wrap_share)

    def dense(self, newline_mark: str | None = None) -> Self:
        r"""Return this style with line breaks drawn as a red mark, so that short lines share one line of the page.

        Runs are counted, columns are given up, and the page is used up to a narrow margin.

        Args:
            newline_mark: The mark; the style's own unless given, or the released Glyph model's, ` \n `. A model has
                one in `ModelProfile.newline_mark`.
        """
        mark = newline_mark or self.newline_mark or GLYPH_MARK
        return replace(
            self.fill(), newline_mark=mark, count_runs=True, columns=1, paragraph_lines=10_000, layout="fixed"
        )


PRESETS: Mapping[str, str] = {
    "glyph": "what the released Glyph model was trained on",
    "auto": "the cheapest layout for each text, letters as the released model's",
    "document": "larger type, justified, as printed",
    "web": "paragraphs in light boxes",
    "dark": "light letters on a dark page",
    "code": "monospaced, line for line",
    "pixel": "monospaced, no grey edges",
}
"""Names that `PageStyle.from_name` knows, and what each looks like. A preset is a constructor of that name, and a line
here: help, error messages and completion are made from this table."""
