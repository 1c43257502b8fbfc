"""Which optimizer changes which weights in a stage."""

from __future__ import annotations

import torch

from glyph_memory.training.tiny.learner import Learner
from glyph_memory.training.tiny.plan import Stage


def make_optimizers(learner: Learner, stage: Stage) -> list[torch.optim.Optimizer]:
    """Return Muon for the vision tower's matrices, AdamW for all else; in the last stage AdamW for everything."""
    taken = learner.choose_weights(stage)
    matrices = [
        weight
        for name, weight in taken.items()
        if ".visual.blocks." in name and weight.ndim == 2 and stage != "answer"
    ]
    known = {id(weight) for weight in matrices}
    others = [weight for weight in taken.values() if id(weight) not in known]
    made: list[torch.optim.Optimizer] = [torch.optim.AdamW(others, betas=(0.9, 0.98), weight_decay=0.0)]
    if matrices:
        made.append(torch.optim.Muon(matrices, weight_decay=0.01, adjust_lr_fn="original"))
    for optimizer in made:
        for group in optimizer.param_groups:
            group["share"] = 10.0 if isinstance(optimizer, torch.optim.Muon) else 1.0
    return made
