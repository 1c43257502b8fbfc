"""Train the second look: which ideograph it is that stands there."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader

from glyph_memory.nano.training.dataset import GeneratedDataset, Plan
from glyph_memory.nano.training.model import Glance
from glyph_memory.nano.training.strips import make_ideographs

_RATE = 2e-3
_ROUND = 256


def _make_page(seed: int, fonts: str, index: int) -> tuple[Tensor, Tensor]:
    """Return the ideographs of a page, some 2,500."""
    ink, numbers = make_ideographs(seed, index, fonts)
    whole = len(ink) // _ROUND * _ROUND or len(ink)  # few sizes of batches: see `compute_loss`
    return torch.from_numpy(ink[:whole]), torch.from_numpy(numbers[:whole])


def train_glance(plan: Plan, *, say: Callable[[str], None]) -> Glance:
    """Train the second look from the beginning, in a fifth of the whole time; it writes no checkpoint.

    Args:
        plan: What to do; `glance_steps` of it.
        say: Told how it goes.
    """
    torch.manual_seed(plan.seed)
    glance = Glance().to(plan.device)
    optimizer = torch.optim.AdamW(glance.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _RATE, total_steps=plan.glance_steps, pct_start=0.1
    )
    pages = GeneratedDataset(partial(_make_page, plan.seed, plan.fonts), plan.glance_steps)
    loader = DataLoader(pages, batch_size=None, num_workers=plan.workers)
    begun, smooth, right = time.monotonic(), 0.0, 0.0
    for step, (ink, told) in enumerate(loader, 1):
        numbers = told.to(plan.device)
        with torch.autocast(plan.device, torch.bfloat16):
            answers = glance(ink.to(plan.device))
        loss = F.cross_entropy(answers.float(), numbers)
        torch.autograd.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        smooth = 0.98 * smooth + 0.02 * loss.item()
        right = 0.98 * right + 0.02 * (answers.argmax(1) == numbers).float().mean().item()
        if step % 50 == 0:
            bias = 1 - 0.98**step
            minutes = (time.monotonic() - begun) / 60
            say(
                f"ideographs, step {step:,} of {plan.glance_steps:,}  {minutes:.1f} min  loss {smooth / bias:.4f}  "
                f"right {right / bias:.4f}"
            )
    return glance
