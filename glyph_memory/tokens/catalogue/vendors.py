"""OpenAI's models, by the rules of its images and vision guide.

Knows models; knows nothing about how their names are spelled.
"""

from __future__ import annotations

from dataclasses import replace

from glyph_memory.tokens.catalogue import special_tokens as special
from glyph_memory.tokens.openai import OpenAIPatchRule, OpenAITileRule
from glyph_memory.tokens.profile import ModelProfile

# OpenAI gives GPT-5 a window of 400,000, of which 128,000 are the answer's: a longer prompt is refused.
_GPT_5_PROMPT = 272_000
_GPT_4O = ModelProfile(
    name="gpt-4o",
    family="openai",
    image_rule=OpenAITileRule(base=85, per_tile=170),
    special_tokens=special.OPENAI,
    encoding="o200k_base",
    window_tokens=128_000,
    max_images=500,
    max_request_px=None,
    max_request_bytes=50_000_000,
    image_uuids=False,
)

VENDORS = (
    _GPT_4O,
    *(
        replace(_GPT_4O, name=name, image_rule=OpenAITileRule(base=base, per_tile=tile), window_tokens=window)
        for name, base, tile, window in (
            ("gpt-4o-mini", 2833, 5667, 128_000),
            ("gpt-4.1", 85, 170, 1_047_576),
            ("gpt-5", 70, 140, _GPT_5_PROMPT),
            ("o1", 75, 150, 200_000),
            ("o3", 75, 150, 200_000),
        )
    ),
    *(
        replace(
            _GPT_4O,
            name=name,
            image_rule=OpenAIPatchRule(multiplier=multiplier),
            snap_px=32,
            window_tokens=window,
        )
        for name, multiplier, window in (
            ("gpt-4.1-mini", 1.62, 1_047_576),
            ("gpt-4.1-nano", 2.46, 1_047_576),
            ("gpt-5-mini", 1.62, _GPT_5_PROMPT),
            ("gpt-5-nano", 2.46, _GPT_5_PROMPT),
            ("o4-mini", 1.72, 200_000),
        )
    ),
)
"""A row each."""
