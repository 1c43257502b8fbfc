"""Bring keys and values from files into the tree, and new ones from the tree into files while nobody waits.

Knows prompts, the tree and files; knows nothing about models.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from glyph_memory.readers.local.disk import PrefixFiles
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.segments import Layers, Marks, PrefixTree, Segment

_MOST_WAITING = 4
"""Prompts that are kept in memory until they are written; those beyond are not written."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    prompt: Prompt
    marks: Marks
    path: list[Segment]


class Keeper:
    """Keeps the unchanging parts of prompts in files. Belongs to the model's thread.

    Args:
        files: Where.
        tree: What is in memory.
        device: Where the model is.
    """

    def __init__(self, files: PrefixFiles, *, tree: PrefixTree, device: torch.device) -> None:
        self._files, self._tree, self._device = files, tree, device
        self._waiting: deque[_Waiting] = deque()

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

    def note(self, prompt: Prompt, marks: Marks, path: Sequence[Segment]) -> None:
        """Have a prompt's unchanging part written when there is time; until then it stays in memory."""
        self._tree.pin(path)
        self._waiting.append(_Waiting(prompt, marks[: prompt.stable_tokens], list(path)))
        if len(self._waiting) > _MOST_WAITING:
            self._tree.release(self._waiting.popleft().path)

    def write(self) -> None:
        """Write one of those that wait, as far as it is in no file. What goes wrong is logged: nobody waits for it."""
        waiting = self._waiting.popleft()
        try:
            parent, at = self._files.find_end(waiting.prompt, len(waiting.marks))
            if at < len(waiting.marks):
                layers = _cut_layers(waiting.path, at)
                self._files.save(waiting.prompt, parent, at, len(waiting.marks), layers)
        except Exception as error:
            _log.warning("keys and values are not kept: %s: %s", type(error).__name__, error)
        finally:
            self._tree.release(waiting.path)

    def drop(self) -> None:
        """Write nothing of what waits: the memory that it takes is needed."""
        while self._waiting:
            self._tree.release(self._waiting.popleft().path)

    def forget(self) -> None:
        """Delete the files, and write nothing of what waits."""
        self.drop()
        self._files.forget()


def _cut_layers(path: Sequence[Segment], start: int) -> Layers:
    """Return the keys and values of a path from a token on."""
    return [
        tuple(torch.cat([pair[which] for pair in layer], -2)[:, start:] for which in (0, 1))  # type: ignore[misc]  # two
        for layer in zip(*(segment.layers for segment in path), strict=True)
    ]
