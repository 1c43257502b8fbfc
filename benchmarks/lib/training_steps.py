"""Take training steps of a network with random weights: text against the same text as pages.

A step reads a prompt, takes the loss of an answer behind it, goes back through all layers and moves what is trained.
Knows torch and networks; knows nothing about texts and pages.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from lib.page_feed import Pixels
from lib.prompts import load_pixels
from lib.random_network import Network
from lib.timing import Stopwatch

ANSWER = tuple(range(200, 328))
"""The tokens of an answer, of which the loss is taken: any will do."""
_RESET = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one step takes."""

    tokens: int
    """Of prompt and answer."""
    seconds: float
    """The median of some steps."""
    peak_bytes: int | None
    """Above what lay in memory before the step; None where the system does not tell."""
    loss: float
    """Of the first step: a number, which says that all of it ran."""


class Trainee:
    """A network in training.

    Args:
        network: What is trained; its layers compute twice, as they do where memory is short.
        with_lora: Whether small matrices beside the language model's weights are trained, instead of all weights.
    """

    def __init__(self, network: Network, *, with_lora: bool) -> None:
        model = network.model
        model.gradient_checkpointing_enable({"use_reentrant": False})
        if with_lora:
            from peft import LoraConfig, get_peft_model

            model = get_peft_model(
                model,
                LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", exclude_modules=r".*visual.*"),
            )
            model.enable_input_require_grads()
        self._network, self._model = network, model.train()
        trained = [weights for weights in model.parameters() if weights.requires_grad]
        self._is_warm = False
        self._optimizer = torch.optim.AdamW(trained, lr=1e-5)

    def cost(self, prompt: Sequence[int], pages: Sequence[Pixels], watch: Stopwatch) -> Cost:
        """Return what a step takes for a prompt of pages, text or both, the pages first."""
        batch = self._make_batch(prompt, pages)
        if not self._is_warm:
            self._step(batch)  # AdamW makes room for its moments at the first step
            self._is_warm = True
        _free()
        before = _read_memory(self._network.device, is_peak=False)
        loss, first_s = watch.time(lambda: self._step(batch))
        peak = _read_memory(self._network.device, is_peak=True)
        is_enough = first_s >= watch.enough_s
        return Cost(
            tokens=int(batch["input_ids"].shape[1]),
            seconds=first_s if is_enough else watch.median(lambda: self._step(batch), is_warm=True),
            peak_bytes=None if before is None or peak is None else peak - before,
            loss=loss,
        )

    def _make_batch(self, prompt: Sequence[int], pages: Sequence[Pixels]) -> dict[str, torch.Tensor]:
        network, config = self._network, self._network.model.config
        ids = list[int]()
        for page in pages:
            ids += [
                config.image_start_token_id,
                *[config.image_token_id] * page.tokens,
                config.image_end_token_id,
            ]
        words = network.architecture.vocabulary - 8  # the last ids are marks of images
        ids += [one % words for one in (*prompt, *ANSWER)]
        row = torch.tensor([ids], device=network.device)
        batch = {"input_ids": row, "mm_token_type_ids": torch.eq(row, config.image_token_id).int()}
        if pages:
            batch["pixel_values"], batch["image_grid_thw"] = load_pixels(network, pages)
        return batch

    def _step(self, batch: dict[str, torch.Tensor]) -> float:
        _reset_peak(self._network.device)
        model: Any = self._network.model  # LoRA's layers stand in it
        hidden = model.model(**batch, use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[:, -len(ANSWER) - 1 : -1])
        loss = functional.cross_entropy(logits[0].float(), batch["input_ids"][0, -len(ANSWER) :])
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())


def _free() -> None:
    """Return to the system what is no longer used, so that a step's own memory can be told."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    with contextlib.suppress(OSError, AttributeError):  # of Linux
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _reset_peak(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    elif _RESET.exists():
        _RESET.write_text("5")


def _read_memory(device: str, *, is_peak: bool) -> int | None:
    """Return the bytes that are in use, or that were at most since the last reset."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() if is_peak else torch.cuda.memory_allocated()
    if not _STATUS.exists():
        return None
    found = re.search(rf"{'VmHWM' if is_peak else 'VmRSS'}:\s+(\d+) kB", _STATUS.read_text())
    return None if found is None else 1024 * int(found[1])
