"""Turn what was typed into values: a style, a model's profile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from glyph_memory.errors import StyleError, show_value
from glyph_memory.files import exists
from glyph_memory.style import PRESETS, PageStyle, is_style_file
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import iter_pages


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A page style as it was asked for, before it is fitted to a model."""

    style: str = "auto"
    """A preset's name, or the path of a style's file or of a Glyph configuration."""
    font: str | None = None
    """Instead of the style's own."""
    fallback_fonts: tuple[str, ...] = ()
    """Tried for what that one lacks, before the style's own fallbacks."""
    size_pt: float | None = None
    """Instead of the style's own; the line height keeps its proportion."""
    dpi: float | None = None
    """Instead of the style's own."""
    dense: bool = False
    """Whether lines run together."""
    calibration: str | None = None
    """The file of a calibration: `auto` is then the densest style that the model reads, and none denser is taken."""

    @property
    def name(self) -> str:
        """The style's name in a report."""
        changes = [
            f"font {self.font}" if self.font else "",
            *(f"then {font}" for font in self.fallback_fonts),
            f"{self.size_pt:g} pt" if self.size_pt else "",
            f"{self.dpi:g} dpi" if self.dpi else "",
            "dense" if self.dense else "",
            "calibrated" if self.calibration else "",
        ]
        return ", ".join([self.style, *filter(None, changes)])

    def calibrate_profile(self, profile: ModelProfile) -> ModelProfile:
        """Return the profile with the calibration, where one was typed.

        Raises:
            GlyphMemoryError: It cannot be read, is none, or is of another model.
        """
        return profile if self.calibration is None else profile.with_calibration(self.calibration)

    def build_style(self, profile: ModelProfile) -> PageStyle:
        """Return the style: presets with sides that the model does not rescale, files exactly as they are.

        Raises:
            GlyphMemoryError: The calibration cannot be read, is none, or is of another model.
            StyleError: There is no such style, it cannot be drawn, or is below the calibration's floor.
        """
        profile = self.calibrate_profile(profile)
        if self.style == "auto" and profile.reading is not None:
            style = build_page_style(None, profile)
        elif self.style in PRESETS:
            style = build_page_style(self.style, replace(profile, reading=None))
        elif exists(self.style):
            read = PageStyle.from_file if is_style_file(self.style) else PageStyle.from_glyph_json
            style = read(self.style)
        else:
            styles = ", ".join(f"{name} ({looks})" for name, looks in PRESETS.items())
            raise StyleError(f"no page style and no file {show_value(self.style)}; styles are {styles}")
        if self.size_pt is not None:
            line_height_pt = self.size_pt * style.line_height_pt / style.font_size_pt
            style = replace(style, font_size_pt=self.size_pt, line_height_pt=line_height_pt)
        if self.dense:
            style = style.dense(style.newline_mark or profile.newline_mark)
        style = replace(
            style,
            font=self.font or style.font,
            fallback_fonts=(*self.fallback_fonts, *style.fallback_fonts),
            dpi=style.dpi if self.dpi is None else self.dpi,
        )
        return build_page_style(style, profile)  # which refuses one that the model does not read


def find_profile(name: str, *, tokenizer: str | None) -> ModelProfile:
    """Return a model's profile; it counts text with the model's own tokenizer where one is given.

    Raises:
        ProfileError: There is no such model, or no such tokenizer.
    """
    profile = ModelProfile.from_name(name)
    return profile if tokenizer is None else profile.with_tokenizer(tokenizer)


def load_fonts(style: PageStyle) -> None:
    """Load a style's fonts: a process does this once, so it must not count as a page's time."""
    for _ in iter_pages(f" {style.newline_mark}", style=style):
        pass
