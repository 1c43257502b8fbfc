"""The models known by name: one row each.

Limits on pixels are those of the published checkpoints' `preprocessor_config.json`, which differ from the
defaults of transformers' classes; windows are `max_position_embeddings` of their `config.json`, or the length
their makers serve. Where a number could not be had so, a comment at its row says what stands there instead. A row is a
starting point: `dataclasses.replace` fits it to a server that is set up otherwise.
"""

from __future__ import annotations

from types import MappingProxyType

from glyph_memory.tokens.catalogue.grids import GRIDS
from glyph_memory.tokens.catalogue.names import ALIASES as ALIASES
from glyph_memory.tokens.catalogue.names import NO_READERS, TEXT_WORDS
from glyph_memory.tokens.catalogue.names import OTHER_RULES as OTHER_RULES
from glyph_memory.tokens.catalogue.tiled import TILED
from glyph_memory.tokens.catalogue.vendors import VENDORS
from glyph_memory.tokens.names import find_name, list_spellings

PROFILES = MappingProxyType({row.name: row for row in (*GRIDS, *TILED, *VENDORS)})
"""Every row by its name."""


def reads_nothing(name: str) -> bool:
    """Return whether a name is that of a row's relative that takes no image, or answers nothing about one."""
    found = find_name(name, (*PROFILES, *ALIASES, *NO_READERS))
    return found is not None and (found in NO_READERS or any(map(TEXT_WORDS.search, list_spellings(name))))
