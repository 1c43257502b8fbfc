"""Train the network that reads strips: make pages, learn, keep checkpoints, write weights.

Everything follows from the seed and the step: a training that was cut off goes on where its last checkpoint was.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor
from torch.utils.data import DataLoader

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.files import write_atomic
from glyph_memory.nano.training.dataset import GeneratedDataset, Plan
from glyph_memory.nano.training.model import TrainableNetwork, compute_loss, export_network
from glyph_memory.nano.training.strips import make_strips

Say = Callable[[str], None]

_PAGES = 8
"""Pages that are shuffled together."""
_BATCH = 128
_BATCHES = 7
"""Batches that are taken from them; some strips are left over."""
_KEEP_EVERY = 500
_MEAN = 0.998
"""Of weights and running statistics, the share that stays from step to step in the mean that is written down."""


def _shuffle_strips(seed: int, fonts: str, index: int) -> tuple[Tensor, Tensor]:
    """Return the shuffled strips of a few pages."""
    cut = [make_strips(seed, _PAGES * index + nth, fonts) for nth in range(_PAGES)]
    order = list(range(sum(len(strips.ink) for strips in cut)))
    Random(index).shuffle(order)  # noqa: S311 - no secret
    order = (order * (1 + _BATCH * _BATCHES // len(order)))[: _BATCH * _BATCHES]
    ink = np.concatenate([strips.ink for strips in cut])[order]
    label = np.concatenate([strips.label for strips in cut])[order]
    return torch.from_numpy(ink), torch.from_numpy(label)


class Training:
    """A training in a folder: its checkpoint, plan and weights."""

    def __init__(self, folder: Path, plan: Plan, *, say: Say) -> None:
        """Start, or continue from the folder's checkpoint.

        Raises:
            GlyphMemoryError: The checkpoint there is of another plan or cannot be read.
        """
        self.folder, self.plan, self._say = folder, plan, say
        self.step, self.spent_s = 0, 0.0
        torch.manual_seed(plan.seed)
        self.network = TrainableNetwork().to(plan.device)
        self.mean = torch.optim.swa_utils.AveragedModel(
            self.network,
            multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(_MEAN),  # type: ignore[no-untyped-call]  # torch's
            use_buffers=True,
        )
        self._optimizers = _make_optimizers(self.network, plan)
        self._smooth = [0.0, 0.0, 0.0]
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()

    @property
    def weights(self) -> Path:
        """Where the weights are written."""
        return self.folder / "network.safetensors"

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def train(self) -> None:
        """Train until the plan is done; Ctrl-C loses what was learned since the last checkpoint."""
        begun = time.monotonic()
        for ink, label in _load_batches(self.plan, self.step):
            self._learn(ink.to(self.plan.device), label.to(self.plan.device))
            now = self.spent_s + time.monotonic() - begun
            if self.step % 50 == 0:
                self._report_progress(now)
            if self.step % _KEEP_EVERY == 0 or self.step == self.plan.steps:
                self.spent_s, begun = now, time.monotonic()
                self._save_checkpoint()

    def _learn(self, ink: Tensor, label: Tensor) -> None:
        self.network.train()
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_lr"] * self.plan.rate(self.step)
        finding, telling = compute_loss(self.network, ink, label)
        torch.autograd.backward(4 * finding + telling)
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.mean.update_parameters(self.network)
        self.step += 1
        losses = (finding.item(), telling.item(), 1.0)
        self._smooth = [0.98 * before + 0.02 * now for before, now in zip(self._smooth, losses, strict=True)]

    def _report_progress(self, now_s: float) -> None:
        finding, telling, whole = self._smooth
        self._say(
            f"step {self.step:,} of {self.plan.steps:,}  {now_s / 60:.1f} min  "
            f"where {finding / whole:.5f}  which {telling / whole:.5f}"
        )

    def _save_checkpoint(self) -> None:
        state = {
            "network": self.network.state_dict(), "mean": self.mean.state_dict(), "step": self.step,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers], "spent_s": self.spent_s,
            "seed": self.plan.seed,
        }  # fmt: skip
        mean = self.mean.module
        assert isinstance(mean, TrainableNetwork)  # noqa: S101 - for the type checker
        checkpoint = io.BytesIO()
        torch.save(state, checkpoint)
        write_atomic(self._checkpoint, checkpoint.getvalue())
        write_atomic(self.weights, save(export_network(mean)))
        told = asdict(self.plan) | {"step": self.step, "spent_s": self.spent_s}
        write_atomic(self.folder / "plan.json", json.dumps(told, indent=2).encode())

    def _resume(self) -> None:
        try:
            state = torch.load(self._checkpoint, map_location=self.plan.device, weights_only=True)
            if state["seed"] != self.plan.seed:
                raise ValueError(f"its seed is {state['seed']}")
            self.network.load_state_dict(state["network"])
            self.mean.load_state_dict(state["mean"])
            for optimizer, kept in zip(self._optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(kept)
            self.step, self.spent_s = state["step"], state["spent_s"]
        except Exception as error:  # whatever torch raises on a file that is not what it should be
            raise GlyphMemoryError(
                f"cannot go on from {str(self._checkpoint)!r} ({error}); give another folder"
            ) from error
        self._say(f"going on from step {self.step:,}")


def _load_batches(plan: Plan, step: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches from a step on."""
    first, count = step // _BATCHES, -(-plan.steps // _BATCHES)
    loader = DataLoader(
        GeneratedDataset(partial(_shuffle_strips, plan.seed, plan.fonts), count),
        batch_size=None,
        sampler=range(first, count),
        num_workers=plan.workers,
        prefetch_factor=4 if plan.workers else None,
        worker_init_fn=_use_one_thread,
    )
    for item, (ink, label) in enumerate(loader, first):
        for nth in range(_BATCHES):
            if step <= item * _BATCHES + nth < plan.steps:
                part = slice(nth * _BATCH, (nth + 1) * _BATCH)
                yield ink[part], label[part]


def _use_one_thread(_: int) -> None:
    torch.set_num_threads(1)


def _make_optimizers(network: TrainableNetwork, plan: Plan) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices between layers, AdamW for all else."""
    matrices = network.matrices()
    taken = {id(matrix) for matrix in matrices}
    others = [parameter for parameter in network.parameters() if id(parameter) not in taken]
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=plan.learning_rate, weight_decay=0.01, adjust_lr_fn="original"),
        torch.optim.AdamW(others, lr=plan.learning_rate / 10, weight_decay=0.01),
    ]
    for optimizer in made:
        for group in optimizer.param_groups:
            group["full_lr"] = group["lr"]
    return made
