"""Turn what was typed into values: a style, a model's profile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from glyph_memory.errors import StyleError, show_value
from glyph_memory.files import exists
from glyph_memory.style import PRESETS, PageStyle
from glyph_memory.tokens import ModelProfile, build_page_style
from glyph_memory.typesetting import iter_pages


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A page style as it was asked for, before it is fitted to a model."""

    style: str = "auto"
    """A preset's name, or the path of a Glyph configuration file."""
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

    @property
    def name(self) -> str:
        """The style's name in a report."""
        changes = [
            f"font {self.font}" if self.font else "",
            *(f"then {font}" for font in self.fallback_fonts),
            f"{self.size_pt:g} pt" if self.size_pt else "",
            f"{self.dpi:g} dpi" if self.dpi else "",
            "dense" if self.dense else "",
        ]
        return ", ".join([self.style, *filter(None, changes)])

    def build_style(self, profile: ModelProfile) -> PageStyle:
        """Return the style: presets with sides that the model does not rescale, files exactly as they are.

        Raises:
            StyleError: There is no such style, or it cannot be drawn.
        """
        if self.style in PRESETS:
            style = build_page_style(self.style, profile)
        elif exists(self.style):
            style = PageStyle.from_glyph_json(self.style)
        else:
            styles = ", ".join(f"{name} ({looks})" for name, looks in PRESETS.items())
            raise StyleError(f"no page style and no file {show_value(self.style)}; styles are {styles}")
        if self.size_pt is not None:
            line_height_pt = self.size_pt * style.line_height_pt / style.font_size_pt
            style = replace(style, font_size_pt=self.size_pt, line_height_pt=line_height_pt)
        if self.dense:
            style = style.dense(style.newline_mark or profile.newline_mark)
        return replace(
            style,
            font=self.font or style.font,
            fallback_fonts=(*self.fallback_fonts, *style.fallback_fonts),
            dpi=style.dpi if self.dpi is None else self.dpi,
        )


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
