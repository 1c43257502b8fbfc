"""Call a model for a step. Knows one model; knows nothing about prompts."""

from __future__ import annotations

from typing import Any

import torch

from glyph_memory.readers.local.attention import ChunkStep, TokenStep, run_step


class Forward:
    """Runs a model.

    Args:
        model: The model, as transformers loads it, with `attend` as its text tower's attention.
        device: Where it is.
    """

    def __init__(self, model: Any, device: torch.device) -> None:  # noqa: ANN401 - transformers has no types for it
        self._model = model
        self.device = device
        self._compute = model.forward

    def __call__(
        self,
        ids: torch.Tensor,
        positions: torch.Tensor,
        step: ChunkStep | TokenStep,
        *,
        length: int,
        images: dict[str, Any] | None = None,
    ) -> torch.Tensor:
        """Return the scores behind the last token of each row, shape (rows, vocabulary).

        Args:
            ids: Token ids, shape (rows, tokens).
            positions: Their positions, shape (axes, rows, tokens): three axes where pages have height and width.
            step: What they look at.
            length: How many tokens are known already, as the model is told.
            images: The model's arguments for pictures.
        """
        with run_step(step, length) as cache:
            output = self._compute(
                input_ids=ids.to(self.device),
                position_ids=(positions if positions.shape[0] > 1 else positions[0]).to(self.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
                return_dict=True,
                **(images or {}),
            )
        scores: torch.Tensor = output.logits[:, -1]
        return scores


def free_memory(device: torch.device) -> None:
    """Have torch give back what it keeps for later."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
