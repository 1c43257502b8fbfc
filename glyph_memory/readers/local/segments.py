"""Keep the keys and values of what was read, found again by content: a tree of segments.

A prompt is a row of marks, one a token: a text's token id, or a number made of a picture's digest. Prompts that begin
alike share the segments of their beginning, whoever asks. Where two part, a segment is cut. What is least recently used
goes first when the bytes run out. Knows marks and tensors; knows nothing about models, positions and threads.

A token's keys carry its position, and a position follows from what stands before it. So equal beginnings have equal
keys, and nothing that a model keeps between two calls is needed to go on from them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from glyph_memory.readers.local.prompt import Prompt

Marks = npt.NDArray[np.int64]
"""One number a token, shape (tokens,)."""
Layers = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of each layer, each of shape (heads, tokens, head_dim)."""

_MOST_SEGMENTS = 8
"""A path longer than this is joined where it can be: each segment costs a call for every layer and token."""
_MARKS = 1 << 62


@dataclass(eq=False)
class Segment:
    """A run of tokens behind its parent's, with their keys and values."""

    marks: Marks = field(repr=False)
    """Its tokens."""
    layers: Layers = field(repr=False)
    """Their keys and values."""
    parent: Segment | None = field(default=None, repr=False)
    """What stands before it; `None` for the root, which is empty."""
    is_stable: bool = False
    """Whether it ends where a later prompt will go on, such as behind the last sealed page."""
    users: int = 0
    """How many running prompts need it."""
    last_used: int = 0
    """When it was needed last, in uses."""
    children: dict[int, Segment] = field(default_factory=dict, repr=False)
    """What follows, by its first mark."""

    def __len__(self) -> int:
        return len(self.marks)

    @property
    def nbytes(self) -> int:
        """Bytes of its keys and values."""
        return count_bytes(self.layers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The beginning of a prompt that is known."""

    path: tuple[Segment, ...]
    """Its segments, in order."""
    length: int
    """Their tokens."""


class PrefixTree:
    """Keys and values of beginnings, within a number of bytes. Belongs to one thread.

    Args:
        max_bytes: Most bytes of keys and values; running prompts' own are beyond it until they end.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.nbytes = 0
        self._root = Segment(np.empty(0, np.int64), [])
        self._uses = 0
        self._secret = secrets.token_bytes(16)

    def __len__(self) -> int:
        return sum(1 for _ in self.segments())

    def segments(self) -> Iterator[Segment]:
        """Yield all segments, parents before their children."""
        waiting = list(self._root.children.values())
        while waiting:
            segment = waiting.pop()
            yield segment
            waiting += segment.children.values()

    def mark_image(self, digest: str, count: int) -> Marks:
        """Return the marks of a picture's tokens: below 0, and nobody can make another's."""
        hashed = hashlib.blake2b(digest.encode(), key=self._secret, digest_size=8).digest()
        start = int.from_bytes(hashed) % _MARKS
        return -1 - (start + np.arange(count, dtype=np.int64)) % _MARKS

    def mark_prompt(self, prompt: Prompt) -> Marks:
        """Return a prompt's marks: token ids, and those of its pictures."""
        marks: Marks = prompt.ids.numpy().astype(np.int64, copy=True)
        for image in prompt.images:
            marks[image.start : image.start + image.count] = self.mark_image(image.digest, image.count)
        return marks

    def find(self, marks: Marks) -> Found:
        """Return the known beginning of a prompt, without its last token: from that one the answer is written.

        A segment that is known in part is cut.
        """
        marks = marks[:-1]
        path: list[Segment] = []
        segment, length = self._root, 0
        while following := segment.children.get(int(marks[length])) if length < len(marks) else None:
            alike = _count_alike(following.marks, marks[length:])
            if alike < len(following):
                following = self._cut(following, alike)
            path.append(following)
            length += alike
            segment = following
        self._use(path)
        return Found(path=tuple(self._join(path)), length=length)

    def insert(
        self, marks: Marks, start: int, layers: Layers, *, is_stable: bool = False, keeps: bool = True
    ) -> Segment:
        """Add what stands from `start` on, and return it. It has one user: release it.

        Where its beginning is not known any more, or others added the same meanwhile, it stands outside of the tree;
        so it does where it is not to be kept.
        """
        parent = self._find_end(marks[:start]) if keeps else None
        segment = Segment(marks[start:], layers, parent=parent, is_stable=is_stable, users=1)
        if parent is not None and len(segment) and int(segment.marks[0]) not in parent.children:
            parent.children[int(segment.marks[0])] = segment
            self.nbytes += segment.nbytes
            self._use([segment])
            self.evict()
        return segment

    def pin(self, path: Sequence[Segment]) -> None:
        """Keep segments while a prompt needs them."""
        for segment in path:
            segment.users += 1

    def release(self, path: Sequence[Segment]) -> None:
        """Let go of segments that were pinned or inserted."""
        for segment in path:
            segment.users -= 1
        self.evict()

    def evict(self, max_bytes: int | None = None) -> int:
        """Drop what is least recently used until the rest has no more than some bytes; return the bytes dropped."""
        most, before = self.max_bytes if max_bytes is None else max_bytes, self.nbytes
        while self.nbytes > most:
            leaves = (s for s in self.segments() if not s.children and not s.users)
            oldest = min(leaves, key=lambda s: s.last_used, default=None)
            if oldest is None:
                break
            self._remove(oldest)
        return before - self.nbytes

    def clear(self) -> None:
        """Drop everything. What running prompts hold they keep, outside of the tree."""
        self._root.children.clear()
        self.nbytes = 0

    def _remove(self, segment: Segment) -> None:
        assert segment.parent is not None  # noqa: S101  only the root has none, and it is no leaf of ours
        del segment.parent.children[int(segment.marks[0])]
        self.nbytes -= segment.nbytes

    def _find_end(self, marks: Marks) -> Segment | None:
        """Return the segment that ends where these marks end; None where there is none."""
        segment, length = self._root, 0
        while length < len(marks):
            following = segment.children.get(int(marks[length]))
            if following is None:
                return None
            alike = _count_alike(following.marks, marks[length:])
            if alike < len(following):
                following = self._cut(following, alike)
            if not alike:
                return None
            segment, length = following, length + alike
        return segment

    def _use(self, path: Sequence[Segment]) -> None:
        self._uses += 1
        for segment in path:
            segment.last_used = self._uses

    def _cut(self, segment: Segment, at: int) -> Segment:
        """Cut a segment; return its first part. Running prompts go on with the whole that they hold."""
        assert segment.parent is not None  # noqa: S101  as above
        first, rest = (
            Segment(
                segment.marks[part].copy(),
                [(keys[:, part].clone(), values[:, part].clone()) for keys, values in segment.layers],
                last_used=segment.last_used,
            )
            for part in (slice(0, at), slice(at, None))
        )
        first.parent, rest.parent, rest.is_stable = segment.parent, first, segment.is_stable
        segment.parent.children[int(first.marks[0])] = first
        first.children[int(rest.marks[0])] = rest
        rest.children = segment.children
        for child in rest.children.values():
            child.parent = rest
        return first

    def _join(self, path: list[Segment]) -> list[Segment]:
        """Join segments of a path that nobody else needs, the shortest first, until it is short."""
        while len(path) > _MOST_SEGMENTS:
            pairs = [i for i in range(len(path) - 1) if _can_join(path[i], path[i + 1])]
            if not pairs:
                break
            at = min(pairs, key=lambda i: (path[i].is_stable, len(path[i]) + len(path[i + 1])))
            path[at : at + 2] = [self._join_pair(path[at], path[at + 1])]
        return path

    def _join_pair(self, first: Segment, second: Segment) -> Segment:
        assert first.parent is not None  # noqa: S101  as above
        joined = Segment(
            np.concatenate([first.marks, second.marks]),
            [
                (torch.cat([keys, more_keys], -2), torch.cat([values, more_values], -2))
                for (keys, values), (more_keys, more_values) in zip(first.layers, second.layers, strict=True)
            ],
            parent=first.parent, is_stable=second.is_stable, last_used=second.last_used, children=second.children,
        )  # fmt: skip
        first.parent.children[int(joined.marks[0])] = joined
        for child in joined.children.values():
            child.parent = joined
        return joined


def count_bytes(layers: Layers) -> int:
    """Return the bytes of keys and values."""
    return sum(keys.nbytes + values.nbytes for keys, values in layers)


def _count_alike(known: Marks, marks: Marks) -> int:
    length = min(len(known), len(marks))
    differ = np.flatnonzero(known[:length] != marks[:length])
    return int(differ[0]) if len(differ) else length


def _can_join(first: Segment, second: Segment) -> bool:
    return len(first.children) == 1 and not first.users and not second.users
