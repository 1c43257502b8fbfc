"""The fingerprint of a binder: a digest of everything but the turns that seals depend on.

Knows options; knows nothing about turns or seals.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from glyph_memory.context.kind_styles import KindStyles
from glyph_memory.context.options import PageOptions
from glyph_memory.context.pictures import SEALED_SIDE_PX
from glyph_memory.style import LetterCounts, PageStyle
from glyph_memory.typesetting import style_fingerprint

BINDING = 5
"""Goes up whenever the same turns would be sealed, or a seal be sent, in another form than before."""


def make_fingerprint(
    options: PageOptions,
    *,
    counter_name: str,
    letters: LetterCounts | None,
    kinds: KindStyles | None,
    old_style: PageStyle | None = None,
) -> str:
    """Return a digest in hex. Without a calibration and canaries it is what it was before there were any.

    Args:
        options: For which model, how pages look, and when turns become pages.
        counter_name: What counts text.
        letters: What orders identifiers, where a calibration counted.
        kinds: The styles of kinds of text, where a calibration has several.
        old_style: How pages look that have grown old, where there is a rule for them.
    """
    shown: list[object] = [SEALED_SIDE_PX, options.captions, options.terminal_escapes]
    parts = {
        "binding": BINDING,
        "policy": options.fold_policy.to_json(),
        "typeset": style_fingerprint(options.page_style),
        "profile": repr(replace(options.profile, tokenizer=None)),
        "counter": counter_name,
        "shown": [*shown, *filter(None, [options.canaries])],
    }
    parts |= {"letters": letters.to_json()} if letters else {}
    parts |= {"kinds": kinds.fingerprint} if kinds else {}
    parts |= {"old": style_fingerprint(old_style)} if old_style else {}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
