"""The `Learner`: a model, what each stage measures on a batch, and what learns from that.

Knows tensors and batches; knows nothing about schedules, files or how pages are made.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from glyph_memory.training.tiny.batches import IGNORED, AnswerBatch, PageBatch
from glyph_memory.training.tiny.cells import CHARACTER_CLASSES, MOST_CHARACTERS, MOST_TOKENS
from glyph_memory.training.tiny.forward import connect, cut_patches, run_text, see_patches
from glyph_memory.training.tiny.network import Network
from glyph_memory.training.tiny.plan import Stage

_RIVALS = 2048
"""Tokens, drawn at random, that those of a batch are told from besides each other."""
_READING_SHARE = 0.3
"""Of the first stage's loss, in the second."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a stage measured on a batch."""

    loss: Tensor
    """What is made smaller."""
    right: Tensor
    """Share of characters, of tokens in cells, or of said tokens that came first."""


class Learner(nn.Module):
    """A model that learns, and the head of the first stage, which is thrown away in the end."""

    def __init__(self, model: Network, *, seed: int = 0) -> None:
        """Take a model as `assemble_model` makes it."""
        super().__init__()
        self.model = model
        config = model.config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.reader = nn.Linear(4 * config.vision_config.hidden_size, MOST_CHARACTERS * CHARACTER_CLASSES)
            codes = torch.randint(0, 2, (MOST_TOKENS, config.text_config.hidden_size)) * 2.0 - 1
        codes[0] = 1
        self.codes: Tensor
        self.register_buffer("codes", codes, persistent=False)

    @property
    def visual(self) -> Network:
        """The vision half."""
        return self.model.model.visual

    @property
    def embeddings(self) -> Tensor:
        """The language model's embeddings; they stay as they are."""
        weight: Tensor = self.model.model.language_model.embed_tokens.weight
        return weight

    def choose_weights(self, stage: Stage) -> dict[str, nn.Parameter]:
        """Return the weights that a stage changes, by name."""
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        taken = {f"model.model.visual.{name}": weight for name, weight in self.visual.named_parameters()}
        if stage == "answer":
            text = self.model.model.language_model
            taken |= {
                f"model.model.language_model.{name}": weight
                for name, weight in text.named_parameters()
                if not name.startswith("embed_tokens") and not name.endswith("bias")
            }
        else:
            taken |= {f"reader.{name}": weight for name, weight in self.reader.named_parameters()}
        if stage == "read":
            taken = {name: weight for name, weight in taken.items() if ".merger.mlp." not in name}
        for weight in taken.values():
            weight.requires_grad_(True)
        return taken

    def measure(self, stage: Stage, batch: PageBatch | AnswerBatch) -> Measured:
        """Return what a stage measures on a batch."""
        if isinstance(batch, AnswerBatch):
            return self._answer(batch)
        seen = self._see(batch)
        reading = self._read(seen, batch.characters)
        if stage == "read":
            return reading
        connecting = self._connect(seen, batch.tokens, batch.cells)
        return Measured(connecting.loss + _READING_SHARE * reading.loss, connecting.right)

    def make_targets(self, tokens: Tensor) -> Tensor:
        """Return what a cell's embedding should be: those of the tokens that begin in it, each turned by its slot.

        A slot's code changes signs of dimensions, so that tokens of several slots can be told apart in a sum; that of
        the first slot changes none.
        """
        there = (tokens >= 0)[..., None]
        table = self.embeddings
        total = torch.zeros(*tokens.shape[:-1], table.shape[1], device=table.device)
        for slot in range(tokens.shape[-1]):
            own = F.embedding(tokens[..., slot].clamp(min=0), table) * there[..., slot, :]
            total = total + own * self.codes[slot]
        return total

    def _see(self, batch: PageBatch) -> Tensor:
        return see_patches(self.visual, cut_patches(batch.ink), batch.cells)

    def _read(self, seen: Tensor, characters: Tensor) -> Measured:
        said = F.linear(seen, self.reader.weight.to(seen.dtype), self.reader.bias.to(seen.dtype))
        said = said.view(*seen.shape[:2], MOST_CHARACTERS, CHARACTER_CLASSES)
        known = characters >= 0
        logits, labels = said[known].float(), characters[known]
        ink = labels > 0
        right = (logits.argmax(-1) == labels)[ink].float().mean()
        return Measured(F.cross_entropy(logits, labels), right)

    def _connect(self, seen: Tensor, tokens: Tensor, cells: Tensor) -> Measured:
        made = connect(self.visual, seen).float()
        real = torch.arange(made.shape[1], device=made.device) < cells[:, None]
        target = self.make_targets(tokens)
        distance = (made - target)[real].square().sum(-1).mean() / target[real].square().sum(-1).mean()
        page, cell, slot = torch.nonzero(tokens >= 0, as_tuple=True)
        number = tokens[page, cell, slot]
        rivals = torch.randint(0, len(self.embeddings), (_RIVALS,), device=number.device)
        shown, place = torch.unique(torch.cat([number, rivals]), return_inverse=True)
        turned = (made[page, cell] * self.codes[slot]).to(torch.bfloat16)
        logits = F.linear(turned, self.embeddings[shown].to(torch.bfloat16)).float()
        label = place[: len(number)]
        right = (logits.argmax(-1) == label).float().mean()
        return Measured(distance + F.cross_entropy(logits, label), right)

    def _answer(self, batch: AnswerBatch) -> Measured:
        made = connect(self.visual, self._see(batch.pages))
        config = self.model.config
        places = batch.ids == config.image_token_id
        real = torch.arange(made.shape[1], device=made.device) < batch.pages.cells[:, None]
        embeddings = F.embedding(batch.ids, self.embeddings).to(made.dtype)
        embeddings = embeddings.masked_scatter(places[..., None], made[real])
        positions = torch.arange(batch.ids.shape[1], device=made.device).expand(len(batch.ids), -1)
        hidden = run_text(self.model.model.language_model, embeddings, positions)
        asked = batch.labels[:, 1:] != IGNORED
        labels = batch.labels[:, 1:][asked]
        logits = F.linear(hidden[:, :-1][asked], self.embeddings.to(hidden.dtype)).float()
        right = (logits.argmax(-1) == labels).float().mean()
        return Measured(F.cross_entropy(logits, labels), right)
