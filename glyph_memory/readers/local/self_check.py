"""Check with a few tokens that a model answers the same over segments as it does by itself.

A model of unusual attention is found here, when it is loaded, and not by wrong answers. Knows a model and its forward
pass; knows nothing about prompts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from glyph_memory.readers.local.attention import ChunkStep, TokenStep, use_attention
from glyph_memory.readers.local.forward import Forward
from glyph_memory.readers.local.segments import Marks, Segment
from glyph_memory.readers.local.slots import Slots

if TYPE_CHECKING:
    from glyph_memory.readers.local.loading import LoadedModel

_TOKENS = 24
_TOLERANCE = {torch.float32: 1e-3, torch.float16: 0.05, torch.bfloat16: 0.2}
"""Of the largest score: how far two ways of adding up the same may differ."""


@torch.inference_mode()
def runs_over_segments(forward: Forward, loaded: LoadedModel) -> bool:
    """Return whether a model gives the same scores over segments: read in two parts, and with a token written."""
    vocabulary = loaded.config.get_text_config().vocab_size
    ids = torch.randint(0, vocabulary, (_TOKENS,), generator=torch.Generator().manual_seed(0))
    if loaded.image_token_id is not None:
        ids[ids == loaded.image_token_id] = 0
    axes = 3 if loaded.support.has_rope_index else 1
    positions = torch.arange(_TOKENS)[None].expand(axes, -1)[:, None]
    try:
        with use_attention(loaded.model, "sdpa"):
            own = loaded.model(
                input_ids=ids[None].to(loaded.device),
                position_ids=(positions if axes > 1 else positions[0]).to(loaded.device),
                use_cache=False,
            ).logits[0]
        ours = _run_in_parts(forward, ids, positions)
    except Exception:
        return False
    want = torch.stack([own[at] for at in (_TOKENS // 3 - 1, _TOKENS - 2, _TOKENS - 1)]).float()
    scale = float(want.abs().max()) or 1.0
    return float((ours.float() - want).abs().max()) <= _TOLERANCE.get(loaded.dtype, 0.2) * scale


def _run_in_parts(forward: Forward, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    first, last = _TOKENS // 3, _TOKENS - 1
    path: list[Segment] = []
    scores = []
    for start, stop in ((0, first), (first, last)):
        step = ChunkStep(path)
        scores.append(forward(ids[None, start:stop], positions[..., start:stop], step, length=start)[0])
        path.append(Segment(_no_marks(stop - start), step.new))
    slots = Slots()
    slots.add([path[1].layers], like=path[0].layers)
    slots.begin_token()
    token = TokenStep([(path[0], None)], slots)
    scores.append(forward(ids[None, last:], positions[..., last:], token, length=1)[0])
    return torch.stack(scores)


def _no_marks(count: int) -> Marks:
    return torch.zeros(count, dtype=torch.int64).numpy()
