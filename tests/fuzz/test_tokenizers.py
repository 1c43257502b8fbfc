"""The door of tokenizer files: of any file, a count or a `ProfileError` in one line comes out, and no panic of Rust."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glyph_memory import ModelProfile, ProfileError
from tests.fuzz.bad_bytes import mutated
from tests.fuzz.outcomes import FINE, outcome_of

TEXT = "Hello 123 wörld \ud800 中文 <|image|>" + "a" * 20_000
PLAIN: dict[str, Any] = {
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
    "pre_tokenizer": None, "post_processor": None, "decoder": None,
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []},
}  # fmt: skip

_MODELS = st.sampled_from(
    [
        {"type": "BPE", "vocab": {"a": 0}, "merges": [], "unk_token": "[UNK]"},
        {"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": [["a", "a"]], "byte_fallback": True, "dropout": 0.5},
        {"type": "BPE", "vocab": {"a": 4_000_000_000}, "merges": [["a", "b"]]},
        {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "[UNK]"},
        {"type": "Unigram", "unk_id": None, "vocab": [["a", 0.0]]},
        {"type": "Unigram", "unk_id": 7, "vocab": []},
        {"type": "WordPiece", "vocab": {}, "unk_token": "x", "continuing_subword_prefix": "",
         "max_input_chars_per_word": 0},
    ]
)  # fmt: skip
_PATTERNS = st.sampled_from(
    [{"Regex": ""}, {"Regex": "("}, {"Regex": r"\p{L}|\b"}, {"String": ""}, {"String": "a"}]
)
_SPLITTERS = (
    st.builds(
        lambda pattern, how: {"type": "Split", "pattern": pattern, "behavior": how, "invert": False},
        _PATTERNS,
        st.sampled_from(["Isolated", "Removed", "MergedWithNext", "Sideways"]),
    )
    | st.integers(0, 3).map(lambda length: {"type": "FixedLength", "length": length})
    | st.sampled_from(
        [None, {"type": "ByteLevel"}, {"type": "Metaspace", "replacement": ""}, {"type": "Nonsense"}]
    )
)
_NORMALIZERS = st.builds(
    lambda pattern: {"type": "Replace", "pattern": pattern, "content": "x" * 9}, _PATTERNS
) | st.sampled_from(
    [None, {"type": "NFKC"}, {"type": "Precompiled", "precompiled_charsmap": "!!"},
     {"type": "Precompiled", "precompiled_charsmap": "AAAA"}, {"type": "Prepend", "prepend": ""}]
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all of a fuzzer's files."""
    return tmp_path_factory.mktemp("tokenizers")


_number = itertools.count(1)


def count_with(folder: Path, data: bytes) -> int:
    """Return the tokens of a text by a tokenizer file."""
    path = folder / "tokenizer.json"
    path.write_bytes(data)
    os.utime(path, ns=(0, next(_number)))  # a file that has changed is read again
    return ModelProfile.from_name("glyph").with_tokenizer(path).text_tokens(TEXT)


@settings(settings.get_profile("fuzz"))
@example(model={"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "[UNK]"}, split=None, normalize=None)
@example(model=PLAIN["model"], split={"type": "FixedLength", "length": 0}, normalize=None)
@example(model=PLAIN["model"], split=None, normalize={"type": "Precompiled", "precompiled_charsmap": "!!"})
@given(model=_MODELS, split=_SPLITTERS, normalize=_NORMALIZERS)
def test_a_tokenizer_of_any_parts_counts_or_is_refused(
    folder: Path, model: object, split: object, normalize: object
) -> None:
    """Also one that Rust cannot encode with: its panic is no `Exception`."""
    file = PLAIN | {"model": model, "pre_tokenizer": split, "normalizer": normalize}
    assert outcome_of(lambda: count_with(folder, json.dumps(file).encode()) >= 0, ProfileError) in FINE


@settings(settings.get_profile("fuzz"))
@example(data=b"[" * 100_000)
@example(data=b"")
@given(data=mutated(json.dumps(PLAIN).encode()))
def test_a_file_of_changed_bytes_counts_or_is_refused(folder: Path, data: bytes) -> None:
    """Whatever they are."""
    assert outcome_of(lambda: count_with(folder, data) >= 0, ProfileError) in FINE


@pytest.mark.parametrize("name", ["missing", "x" * 5000, "a\0b", "\ud800", "pipe", "folder", "large"])
def test_what_could_block_or_fill_the_memory_is_no_tokenizer(tmp_path: Path, name: str) -> None:
    """Nor is what is not there."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(ProfileError) as refused:
        ModelProfile.from_name("glyph").with_tokenizer(tmp_path / name)
    assert len(str(refused.value)) <= 1000


def test_a_tokenizer_that_is_gone_is_told(tmp_path: Path) -> None:
    """By counting, and by asking for its name."""
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(PLAIN))
    profile = ModelProfile.from_name("glyph").with_tokenizer(path)
    path.unlink()
    with pytest.raises(ProfileError, match="no tokenizer can be read"):
        profile.text_tokens("a")
    with pytest.raises(ProfileError, match="no tokenizer can be read"):
        _ = profile.text_counter.name


@pytest.mark.parametrize(
    "content", [None, b"", b"IQ== 0\n", bytes(20 << 20)], ids=["pipe", "empty", "short", "large"]
)
def test_a_planted_vocabulary_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Others may write to the folders in which vocabularies are looked for: a pipe there would block for ever."""
    planted = tmp_path / "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"  # cl100k_base's
    os.mkfifo(planted) if content is None else planted.write_bytes(content)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert ModelProfile.from_name("glyph").text_tokens("a text") > 0


_NAMES = st.text(max_size=40) | st.tuples(
    st.sampled_from(["a", "-", "/", ".", "1.", "a/", "qwen-", "glyph", "\ud800"]), st.integers(1, 20_000)
).map(lambda pair: pair[0] * pair[1])


@settings(settings.get_profile("fuzz"))
@given(name=_NAMES)
def test_a_profile_of_any_name_is_known_or_refused(name: str) -> None:
    """In one short line."""
    assert outcome_of(lambda: bool(ModelProfile.from_name(name).name), ProfileError) in FINE


def test_an_image_of_any_size_is_counted_or_refused() -> None:
    """By every profile; sides of hundreds of digits are no pixels."""
    sizes: list[Any] = [
        5,
        None,
        "ab",
        (1, 2, 3),
        (1.0, 2.0),
        (0, 5),
        (10**400, 1),
        (1, 10**400),
        (10**5000, 9),
    ]
    for profile in map(ModelProfile.from_name, ModelProfile.names()):
        for size in sizes:
            with pytest.raises(ProfileError):
                profile.image_tokens(size)
        for size in ((1, 1), (1, 199), (2**31, 2**31)):
            assert profile.image_tokens(size) > 0
