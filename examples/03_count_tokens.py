"""Find out whether pages cost less: what a text costs as text and as pages, for several models.

python examples/03_count_tokens.py
"""

from __future__ import annotations

from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.typesetting import iter_pages
from glyph_memory.typesetting.pages import compose


def main() -> None:
    """Compare four models on one conversation."""
    talk = agent_conversation(turns=400)
    text = compose(talk, style=PageStyle.glyph()).text

    for name in ("glyph", "qwen3-vl", "gemma-3", "gpt-4o-mini"):
        profile = ModelProfile.from_name(name)

        # Pages whose sides fit the model's grid are not rescaled by it: sharper, and counted to the token.
        style = PageStyle.glyph().with_snap_px(profile.snap_px)
        page_tokens = profile.pages_tokens(page.size for page in iter_pages(talk, style=style))

        # Text is counted by the model's own tokenizer where that is at hand, else estimated; it says which.
        text_tokens = profile.text_tokens(text)
        how = "counted" if profile.text_counter.exact else "estimated"

        verdict = "pages cost less" if page_tokens < text_tokens else "text costs less"
        print(f"{name:12} {text_tokens:7,} as text ({how}), {page_tokens:7,} as pages: {verdict}")


if __name__ == "__main__":
    main()
