"""Hold the arithmetic of `flops` against torch: parameters laid out without memory, FLOPs of a small network."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import Glm4vForConditionalGeneration

from lib.flops import GLM_9B, TINY
from lib.prompts import make_text_prompt
from lib.random_network import build_network, make_config


def check_arithmetic() -> dict[str, int]:
    """Return what torch counts, where our formulas say the same.

    Attention's FLOPs are not among it: on a CPU torch does not count them.

    Raises:
        SystemExit: A formula is wrong.
    """
    with torch.device("meta"):
        model = Glm4vForConditionalGeneration._from_config(make_config(GLM_9B))
    network = build_network(TINY, device="cpu", dtype=torch.float32)
    with torch.inference_mode():
        prompt = make_text_prompt(network, range(37))
        cache = network.make_cache(37)
        pixels, grid = torch.ones(12 * 8, 3 * 2 * 14 * 14), torch.tensor([[1, 12, 8]])
        with FlopCounterMode(display=False) as read:
            network.read(prompt.embedded, prompt.positions, cache)
        with FlopCounterMode(display=False) as encoded:
            network.encode(pixels, grid)
    counted = {
        "parameters": sum(one.numel() for one in model.parameters()),
        "FLOPs of 37 tokens, small": read.get_total_flops(),
        "FLOPs of 96 patches, small": encoded.get_total_flops(),
    }
    ours = (GLM_9B.parameters, TINY.count_prefill(37).matrices, TINY.count_vision(96).matrices)
    for (name, found), said in zip(counted.items(), ours, strict=True):
        if found != said:
            raise SystemExit(f"{name}: torch counts {found:,}, and our formula says {said:,}")
    return counted
