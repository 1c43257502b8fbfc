"""Bring keys and values from files into the tree, and new ones from the tree into files while nobody waits.

Knows prompts, the tree and files; knows nothing about models.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import torch

from glyph_memory.readers.local.disk import PrefixFiles
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.segments import Layers, Marks, PrefixTree, Segment


class Keeper:
    """Keeps the unchanging parts of prompts in files. Belongs to the model's thread.

    Args:
        files: Where.
        tree: What is in memory.
        device: Where the model is.
    """

    def __init__(self, files: PrefixFiles, *, tree: PrefixTree, device: torch.device) -> None:
        self._files, self._tree, self._device = files, tree, device
        self._waiting: deque[tuple[Prompt, Marks]] = deque(maxlen=64)

    @property
    def has_work(self) -> bool:
        """Whether something is to be written."""
        return bool(self._waiting)

    def load(self, prompt: Prompt, marks: Marks, start: int, stop: int) -> list[Segment]:
        """Return what files have of a prompt between two of its tokens, as segments with one user each."""
        found = []
        for end, layers in self._files.find(prompt, start, stop):
            moved = [(keys.to(self._device), values.to(self._device)) for keys, values in layers]
            found.append(self._tree.insert(marks[:end], start, moved, is_stable=True))
            start = end
        return found

    def note(self, prompt: Prompt, marks: Marks) -> None:
        """Have a prompt's unchanging part written when there is time."""
        self._waiting.append((prompt, marks[: prompt.stable_tokens]))

    def write(self) -> None:
        """Write one of those that wait, as far as it is in memory and in no file."""
        prompt, marks = self._waiting.popleft()
        parent, at = self._files.find_end(prompt, len(marks))
        if at == len(marks):
            return
        found = self._tree.find(np.append(marks, 0))
        if found.length == len(marks):
            self._files.save(prompt, parent, at, len(marks), _cut_layers(found.path, at))

    def forget(self) -> None:
        """Delete the files, and write nothing of what waits."""
        self._waiting.clear()
        self._files.forget()


def _cut_layers(path: tuple[Segment, ...], start: int) -> Layers:
    """Return the keys and values of a path from a token on."""
    return [
        tuple(torch.cat([pair[which] for pair in layer], -2)[:, start:] for which in (0, 1))  # type: ignore[misc]  # two
        for layer in zip(*(segment.layers for segment in path), strict=True)
    ]
