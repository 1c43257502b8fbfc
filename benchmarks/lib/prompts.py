"""Put prompts together for a network: a text's tokens, or pages with a question behind them.

Knows how GLM-4.1V counts places: a page moves them on by its longer side in tokens, not by its number of tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from lib.page_feed import Pixels
from lib.random_network import Network


@dataclass(frozen=True, kw_only=True, slots=True)
class Prompt:
    """A prompt as the language model takes it."""

    embedded: torch.Tensor
    """Shape (1, tokens, hidden)."""
    positions: torch.Tensor
    """Shape (3, 1, tokens)."""

    @property
    def tokens(self) -> int:
        """How many tokens it has."""
        return int(self.embedded.shape[1])


def make_text_prompt(network: Network, ids: Sequence[int]) -> Prompt:
    """Return a prompt of text; ids beyond a small network's vocabulary begin again."""
    tokens = torch.tensor([ids], device=network.device) % network.architecture.vocabulary
    positions = torch.arange(len(ids), device=network.device)[None, None].expand(3, 1, -1)
    return Prompt(embedded=network.embed(tokens), positions=positions)


def encode_pages(network: Network, pages: Iterable[Pixels], *, at_once: int) -> list[torch.Tensor]:
    """Return the features of pages, encoded in groups as they come."""
    found, group = [], list[Pixels]()
    for page in pages:
        group.append(page)
        if len(group) == at_once:
            found.append(network.encode(*load_pixels(network, group)))
            group = []
    return [*found, network.encode(*load_pixels(network, group))] if group else found


def load_pixels(network: Network, pages: Sequence[Pixels]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pages' patches and grids on the network's device."""
    patches = torch.cat([torch.from_numpy(page.patches) for page in pages])
    if network.device.startswith("cuda"):
        patches = patches.pin_memory()
    grids = torch.tensor([page.grid for page in pages], device=network.device)
    return patches.to(network.device, non_blocking=True).to(network.dtype), grids


def make_page_prompt(
    network: Network,
    features: Sequence[torch.Tensor],
    grids: Sequence[tuple[int, int, int]],
    question: Sequence[int],
) -> Prompt:
    """Return a prompt of encoded pages, each between its two tokens, and a question."""
    config = network.model.config
    marks = torch.tensor([[config.image_start_token_id, config.image_end_token_id]], device=network.device)
    begin, end = network.embed(marks)[0].split(1)
    asked = make_text_prompt(network, question)
    sizes = [frames * rows * columns // 4 for frames, rows, columns in grids]
    parts = [
        part for page in torch.cat(list(features)).split(sizes) for part in (begin, page.to(begin.dtype), end)
    ]
    positions, place = [], 0
    for _, rows, columns in grids:
        positions.append(_lay_out(rows // 2, columns // 2) + place)
        place += 2 + max(rows, columns) // 2
    positions.append(torch.arange(len(question)).expand(3, -1) + place)
    return Prompt(
        embedded=torch.cat([*parts, asked.embedded[0]])[None],
        positions=torch.cat(positions, dim=1)[:, None].to(network.device),
    )


def _lay_out(rows: int, columns: int) -> torch.Tensor:
    """Return the places of a page's tokens and of the two around them, from 0 on: shape (3, tokens + 2)."""
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    inside = torch.stack([torch.zeros(rows * columns, dtype=torch.long), row.flatten(), column.flatten()]) + 1
    begin = torch.zeros(3, 1, dtype=torch.long)
    return torch.cat([begin, inside, begin + 1 + max(rows, columns)], dim=1)
