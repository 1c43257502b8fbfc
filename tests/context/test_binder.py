"""The binder: the same turns give the same parts, whoever asks, on whichever thread, with or without a cache."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from glyph_memory.context import Binder, ImageCache, ImagePart, Part, Parts, RecentImages
from glyph_memory.errors import FontError, PolicyError, ProfileError
from glyph_memory.folding import Fold, FoldPolicy, Seal, fold
from glyph_memory.page import pixel_digest
from glyph_memory.style import PageStyle
from glyph_memory.testing import agent_conversation
from glyph_memory.tokens import ModelProfile
from glyph_memory.transcript import Turn

POLICY = FoldPolicy(
    window_tokens=40_000, output_tokens=500, keep_recent_tokens=300, seal_tokens=600, trigger_tokens=1_500,
    max_run_tokens=2_000, pinned_tokens=200, tools_tokens=0,
)  # fmt: skip


def png(grey: int) -> bytes:
    """A picture of one grey."""
    stream = io.BytesIO()
    Image.new("L", (900, 600), grey).save(stream, "PNG")
    return stream.getvalue()


LONG = Turn(role="assistant", text="All work and no play makes Jack a dull boy. " * 600)
TURNS = tuple(
    replace(turn, anchor=anchor, images=(png(anchor),) if turn.role == "user" else ())
    for anchor, turn in enumerate([*agent_conversation(turns=90, seed=5), LONG, LONG], 1)
)


def turns_of(seal: Seal) -> list[Turn]:
    """The turns of a seal."""
    return [TURNS[anchor - 1] for anchor in seal.anchors]


def folded(binder: Binder) -> Fold:
    """The conversation's fold."""
    return fold(TURNS, policy=POLICY, costs=binder)


def parts(binder: Binder, seals: Sequence[Seal]) -> list[Parts]:
    """What is sent of seals."""
    return [binder.parts(seal, lambda seal=seal: turns_of(seal)) for seal in seals]  # type: ignore[misc]  # bound at once


def describe_part(part: Part) -> tuple[object, ...]:
    """A part in a few words that tell it from others: what a failure prints."""
    if isinstance(part, ImagePart):
        return part.kind, part.number, part.size, len(part.data), hashlib.sha256(part.data).hexdigest()[:12]
    return (part,)


@pytest.fixture(scope="module")
def seals() -> tuple[Seal, ...]:
    """The conversation's seals; some have pictures, some several pages."""
    found = folded(Binder("glyph", policy=POLICY)).seals
    assert len(found) >= 5
    assert any(seal.pictures for seal in found)
    assert {seal.kind for seal in found} == {"pages", "text"}
    assert any(len(seal.pages) > 1 for seal in found)
    return found


# Pages and their cache.


def test_a_page_is_what_its_seal_says(seals: tuple[Seal, ...]) -> None:
    """Digest, size, bytes and cost; the caption names the turns on it."""
    binder = Binder("glyph", policy=POLICY)
    for seal, sent in zip(seals, parts(binder, seals), strict=True):
        if seal.kind == "text":
            continue
        images = [part for part in sent if isinstance(part, ImagePart)]
        assert len(images) == seal.images
        for page, image in zip(seal.pages, images, strict=False):
            assert pixel_digest(Image.open(io.BytesIO(image.data))) == page.digest
            assert image.size == page.size
            assert len(image.data) <= page.bytes
            assert page.tokens == binder.profile.image_tokens(page.size)
        for picture, image in zip(seal.pictures, images[len(seal.pages) :], strict=True):
            assert hashlib.sha256(image.data).hexdigest() == picture.digest
            assert (image.size, len(image.data)) == (picture.size, picture.bytes)
        drawn = binder.pages(seal, turns_of(seal))
        for page, view in zip(seal.pages, drawn, strict=True):
            first, last = page.anchors
            labels = [int(anchor) for anchor in re.findall(r"^§(\d+) (?!calls)", view.text, re.MULTILINE)]
            assert not labels or labels[-1] == last
            assert not labels or labels[0] in {first, first + 1}


class Forgetful:
    """A cache that keeps nothing, and has a length."""

    def __init__(self) -> None:
        self.asked = 0

    def get(self, digest: str) -> bytes | None:
        """Return nothing."""
        self.asked += 1
        return None

    def put(self, digest: str, data: bytes) -> None:
        """Keep nothing."""

    def forget(self, digest: str) -> None:
        """Do nothing."""

    def __len__(self) -> int:
        return 0


def test_what_a_cache_lost_is_drawn_again_to_the_byte(seals: tuple[Seal, ...]) -> None:
    """Pixels are a view of the text; a cache may forget all of them."""
    kept, forgetful = Binder("glyph", policy=POLICY), Forgetful()
    assert folded(kept).seals == seals
    lost = Binder("glyph", policy=POLICY, cache=forgetful)
    assert parts(lost, seals) == parts(kept, seals)
    assert forgetful.asked > len(seals)
    small = Binder("glyph", policy=POLICY, cache=RecentImages(at_most_bytes=1))
    assert parts(small, seals) == parts(small, seals) == parts(kept, seals)


def test_turns_are_asked_for_only_where_something_has_to_be_drawn(seals: tuple[Seal, ...]) -> None:
    """A store would have to read them."""

    def refuse() -> list[Turn]:
        raise AssertionError

    binder = Binder("glyph", policy=POLICY)
    pages = [seal for seal in seals if seal.kind == "pages"]
    first = parts(binder, pages)
    assert [binder.parts(seal, refuse) for seal in pages] == first


def test_what_a_cache_gives_is_sent_as_it_is(seals: tuple[Seal, ...]) -> None:
    """Looking into every file would cost what drawing does: a cache that gives something else breaks its contract."""
    binder, seal = Binder("glyph", policy=POLICY), next(seal for seal in seals if seal.pages)
    parts(binder, [seal])
    binder.cache.put(seal.pages[0].digest, b"something else")
    (sent,) = parts(binder, [seal])
    assert next(part for part in sent if isinstance(part, ImagePart)).data == b"something else"


def test_turns_that_changed_are_not_passed_off_as_the_seals(seals: tuple[Seal, ...]) -> None:
    """A page that comes out otherwise is refused."""
    binder, seal = Binder("glyph", policy=POLICY), next(seal for seal in seals if seal.pages)
    changed = [replace(turn, text=turn.text + "!") for turn in turns_of(seal)]
    with pytest.raises(FontError, match="cannot be drawn as it was"):
        binder.parts(seal, lambda: changed)


def test_the_cache_that_is_given_is_used_though_it_is_empty() -> None:
    """An empty collection is falsy."""
    cache: ImageCache = Forgetful()
    assert not cache
    assert Binder("glyph", policy=POLICY, cache=cache).cache is cache


def test_recent_images_drop_those_used_longest_ago() -> None:
    """And count their bytes, also of a file that comes twice."""
    cache = RecentImages(at_most_bytes=10)
    for name in ("a", "b", "b"):
        cache.put(name, b"12345")
    assert cache.get("a") == b"12345"
    cache.put("c", b"1")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (b"12345", None, b"1")
    cache.put("d", b"more than ten bytes")
    assert (cache.get("a"), cache.get("d")) == (None, b"more than ten bytes")


def test_many_threads_get_the_same_parts(seals: tuple[Seal, ...]) -> None:
    """One binder serves them all, whatever the cache has."""
    expected = parts(Binder("glyph", policy=POLICY), seals)
    binder = Binder("glyph", policy=POLICY, cache=RecentImages(at_most_bytes=60_000))
    start = threading.Barrier(6)

    def ask(number: int) -> list[Parts]:
        start.wait()
        order = seals[number % len(seals) :] + seals[: number % len(seals)]
        given = dict(zip((seal.number for seal in order), parts(binder, order), strict=True))
        return [given[seal.number] for seal in seals]

    with ThreadPoolExecutor(6) as pool:
        for number, given in enumerate(pool.map(ask, range(6))):
            for seal, found, wanted in zip(seals, given, expected, strict=True):
                told = f"thread {number}, seal {seal.number} ({seal.kind})"
                assert list(map(describe_part, found)) == list(map(describe_part, wanted)), told
                assert found == wanted, told


def test_threads_that_fold_at_once_get_the_same_seals(seals: tuple[Seal, ...]) -> None:
    """Counting and drawing share nothing that one thread could spoil for another."""
    binder = Binder("glyph", policy=POLICY)
    with ThreadPoolExecutor(4) as pool:
        assert all(found.seals == seals for found in pool.map(lambda _: folded(binder), range(4)))


def test_knowing_a_conversation_leaves_the_binder_as_it_was() -> None:
    """Ledgers of one conversation prefer what was said rarely in it; those of another do not."""
    turns = [Turn(role="user", text="Take 5c2a3ce91f and 9d8e7f6a5b, please.", anchor=4)]
    binder = Binder("glyph", policy=POLICY)
    asked: list[tuple[list[str], int]] = []

    def occurrences(texts: object, upto: int) -> dict[str, int]:
        assert isinstance(texts, Sequence)
        asked.append((list(texts), upto))
        return {"5c2a3ce91f": 1000}

    budget = 1 + max(binder.count(f'§4 "{text}"\n') for text in ("5c2a3ce91f", "9d8e7f6a5b"))
    knowing = binder.with_occurrences(occurrences)
    assert knowing.draw_run(turns, first_page=1, ledger_tokens=budget).ledger == ('§4 "9d8e7f6a5b"',)
    assert asked == [(["5c2a3ce91f", "9d8e7f6a5b"], 4)]
    assert binder.draw_run(turns, first_page=1, ledger_tokens=budget).ledger == ('§4 "5c2a3ce91f"',)
    assert len(asked) == 1
    assert knowing.cache is binder.cache
    assert knowing.fingerprint == binder.fingerprint


# What it depends on.


def test_all_that_seals_depend_on_changes_the_fingerprint(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Policy, style, profile, counter; a cache or a key does not."""
    glyph = ModelProfile.from_name("glyph")
    one = Binder(glyph, policy=POLICY)
    same = (
        Binder("glyph", policy=POLICY),
        Binder(glyph, policy=replace(POLICY), style=PageStyle.auto()),
        Binder(glyph, policy=POLICY, cache=RecentImages(), uuid_of=str.upper),
    )
    assert {binder.fingerprint for binder in same} == {one.fingerprint}
    tokenizers = pytest.importorskip("tokenizers")
    tokenizers.Tokenizer(tokenizers.models.BPE()).save(str(tmp_path / "tokenizer.json"))
    others = [
        Binder(glyph, policy=replace(POLICY, keep_recent_tokens=301)),
        Binder(glyph, policy=replace(POLICY, min_ratio=1.31)),
        Binder(glyph, policy=POLICY, style=replace(PageStyle.glyph(), font_size_pt=8.5)),
        Binder(glyph, policy=POLICY, style=PageStyle.pixel()),
        Binder(replace(glyph, special_tokens=()), policy=POLICY),
        Binder(replace(glyph, wrap_tokens=3), policy=POLICY),
        Binder("glm-4.1v", policy=POLICY),
        Binder("gemma-3", policy=POLICY, style=PageStyle.glyph()),
        Binder(glyph.with_tokenizer(tmp_path), policy=POLICY),
    ]
    monkeypatch.setattr("glyph_memory.context.fingerprint.BINDING", 99)
    others.append(Binder(glyph, policy=POLICY))
    found = [one.fingerprint, *(binder.fingerprint for binder in others)]
    assert len(set(found)) == len(found)


def test_where_a_tokenizer_lies_does_not_matter(tmp_path: Path) -> None:
    """Its contents do: a memory that moves to another machine keeps its seals."""
    tokenizers = pytest.importorskip("tokenizers")
    found = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        tokenizers.Tokenizer(tokenizers.models.BPE()).save(str(tmp_path / name / "tokenizer.json"))
        found.append(
            Binder(ModelProfile.from_name("glyph").with_tokenizer(tmp_path / name), policy=POLICY).fingerprint
        )
    assert found[0] == found[1]


SCRIPT = """
from tests.context.test_binder import POLICY, folded
from glyph_memory.context import Binder
binder = Binder("glyph", policy=POLICY)
print(binder.fingerprint, *(seal.digest for seal in folded(binder).seals))
"""


def test_another_process_gets_the_same_seals(seals: tuple[Seal, ...]) -> None:
    """To the digest, whatever its hash seed."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], env={"PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert ran.stdout.split() == [seals[0].fingerprint, *(seal.digest for seal in seals)]


def test_what_cannot_be_bound_is_refused_at_once() -> None:
    """An unknown model, a window too small for anything, a font that is not there."""
    with pytest.raises(ProfileError):
        Binder("no such model")
    with pytest.raises(PolicyError):
        Binder(replace(ModelProfile.from_name("glyph"), window_tokens=300))
    with pytest.raises(FontError):
        Binder("glyph", policy=POLICY, style=PageStyle(font="No Such Font Anywhere"))
