"""Text counters: which one is chosen, what it counts, and what it never does."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from glyph_memory.errors import ProfileError
from glyph_memory.tokens import EstimateCounter, FileCounter, ModelProfile, TiktokenCounter, vocabulary
from glyph_memory.tokens.text import PIECE, UNBROKEN, pieces, text_counter
from glyph_memory.tokens.vocabulary import Encoding, find_vocabulary

ENCODINGS: tuple[Encoding, ...] = ("cl100k_base", "o200k_base")
CL100K_FILE = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
needs_vocabulary = pytest.mark.skipif(
    not all(map(find_vocabulary, ENCODINGS)),
    reason="no tiktoken vocabulary on this machine; `pip install --no-deps llama-index-core` brings two",
)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Leave no vocabulary to be found, and let whoever asks the network fail."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(vocabulary, "_list_package_folders", lambda: ())
    monkeypatch.delenv("DATA_GYM_CACHE_DIR", raising=False)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model's folder with a tokenizer of 256 bytes, one merge, and one special token."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: number for number, character in enumerate([*alphabet, "ab"])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[("a", "b")]))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(["<|image|>"])
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=64)
    folder = tmp_path_factory.mktemp("model")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_a_models_own_tokenizer_counts_exactly(folder: Path) -> None:
    """By the folder or by the file; its own truncation and padding are no part of a count."""
    for path in (folder, folder / "tokenizer.json", str(folder)):
        profile = ModelProfile.from_name("glyph").with_tokenizer(path)
        assert profile.text_tokens("abc") == 2
        assert profile.text_tokens("ab" * 100) == 100
        assert profile.text_tokens("") == 0
        assert (profile.text_counter.exact, profile.text_counter.typical_error) == (True, 0.0)


def test_a_tokenizer_file_is_named_by_what_is_in_it(folder: Path) -> None:
    """Two with the same name give the same counts, so the name holds the file's digest."""
    digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    assert FileCounter.of(folder).name == f"tokenizer.json:{digest[:12]}"


def test_special_tokens_in_text_are_counted_as_text(folder: Path) -> None:
    """`<|image|>` in something said is nine characters, and no image."""
    assert ModelProfile.from_name("glyph").with_tokenizer(folder).text_tokens("<|image|>") == len("<|image|>")


def test_half_a_surrogate_pair_is_counted_and_breaks_nothing(folder: Path) -> None:
    """Such halves come out of broken JSON; they count as the replacement character they are sent as."""
    profile = ModelProfile.from_name("glyph").with_tokenizer(folder)
    assert profile.text_tokens("a\ud800b") == profile.text_tokens("a\ufffdb")


def test_a_tokenizer_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    """The message says what was looked for and what to give."""
    with pytest.raises(ProfileError, match=r"no tokenizer at .*tokenizer\.json'\. Give"):
        ModelProfile.from_name("glyph").with_tokenizer(tmp_path)


def test_a_file_that_is_no_tokenizer_is_refused_at_once(tmp_path: Path) -> None:
    """When it is given, not when something is counted; the library's own error is the cause."""
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": "none"}))
    with pytest.raises(ProfileError, match="holds no tokenizer") as caught:
        ModelProfile.from_name("glyph").with_tokenizer(tmp_path)
    assert caught.value.__cause__ is not None


def test_a_tokenizer_file_that_changed_is_read_again(folder: Path, tmp_path: Path) -> None:
    """What was cached is the old file's."""
    path = tmp_path / "tokenizer.json"
    path.write_bytes((folder / "tokenizer.json").read_bytes())
    counter = FileCounter.of(path)
    before, name = counter.count("abab"), counter.name
    changed = json.loads(path.read_text())
    changed["model"]["merges"] = []
    path.write_text(json.dumps(changed))
    assert (before, counter.count("abab")) == (2, 4)
    assert counter.name != name


@pytest.mark.parametrize("name", ["glyph", "gpt-4o"])
def test_without_a_vocabulary_the_count_is_an_estimate_and_says_so(nowhere: Path, name: str) -> None:
    """And nothing asks the network for one, where tiktoken itself would."""
    counter = ModelProfile.from_name(name).text_counter
    assert (counter.name, counter.exact) == ("estimate", False)
    assert counter.typical_error == EstimateCounter().typical_error > 0
    assert counter.count("Where did we deploy?") > 0
    assert list(nowhere.iterdir()) == []


def test_tiktoken_itself_would_have_asked_the_network(nowhere: Path) -> None:
    """The trap of the test above is armed."""
    import tiktoken.load

    with pytest.raises(AssertionError, match="asked the network"):
        tiktoken.load.load_tiktoken_bpe(
            "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
        )


def test_a_damaged_vocabulary_is_no_vocabulary(nowhere: Path) -> None:
    """It is passed over and left where it is; tiktoken would delete it and download another."""
    (nowhere / CL100K_FILE).write_bytes(b"AAAA 0\n")
    assert isinstance(text_counter(), EstimateCounter)
    assert (nowhere / CL100K_FILE).read_bytes() == b"AAAA 0\n"


@needs_vocabulary
def test_a_vocabulary_is_found_where_tiktoken_keeps_its_own(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named by the SHA-1 of its address, in the folder `TIKTOKEN_CACHE_DIR` names."""
    monkeypatch.undo()
    found = find_vocabulary("cl100k_base")
    assert found is not None
    assert found.name == CL100K_FILE
    (nowhere / CL100K_FILE).symlink_to(found)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(nowhere))
    assert find_vocabulary("cl100k_base") == nowhere / CL100K_FILE


@needs_vocabulary
def test_gpts_tokenizer_is_exact_for_gpt_and_a_stand_in_for_others() -> None:
    """A stand-in says that it is one: `exact` is false and no error is claimed for it."""
    own, other = ModelProfile.from_name("gpt-4o").text_counter, ModelProfile.from_name("glyph").text_counter
    assert (own.name, own.exact, own.typical_error) == ("o200k_base", True, 0.0)
    assert (other.name, other.exact, other.typical_error) == ("cl100k_base", False, None)


def stock(encoding: Encoding) -> TiktokenCounter:
    """The counter of an encoding whose vocabulary is known to be there."""
    path = find_vocabulary(encoding)
    assert path is not None
    return TiktokenCounter(encoding=encoding, vocabulary=path, exact=True)


def tricky(length: int) -> str:
    """Text of everything that a split pattern treats on its own, mixed without mercy."""
    draw = random.Random(length)
    scraps = [
        "word",
        "Word's",
        "I'LL",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        " \n\n ",
        "123",
        "4567",
        "…",
        "。",
        "，",
        "中文",
        "é",
        "e\u0301",
    ]
    scraps += [
        "foo_bar",
        ")",
        "();\n",
        "://",
        "/",
        "//\n",
        "😀",
        "<|endoftext|>",
        "ﷺ",
        "a'b",
        "'",
        '"',
        "--",
        "¾",
        "Ⅷ",
        "ا",
        "_",
    ]
    return "".join(draw.choice(scraps) for _ in range(length))


@needs_vocabulary
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_counts_are_tiktokens_own(encoding: Encoding, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long texts too, which are cut where no token straddles; special tokens as ordinary text."""
    import tiktoken

    counter = stock(encoding)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(counter.vocabulary.parent))
    reference = tiktoken.get_encoding(encoding)
    for text in (
        "",
        "hello world",
        "<|endoftext|>",
        "\ud800",
        tricky(1_000),
        tricky(60_000),
        "word " * 20_000,
    ):
        assert counter.count(text) == len(reference.encode_ordinary(text))


@needs_vocabulary
@pytest.mark.parametrize("scrap", ["a", " ", "\n", "^", "中", "😀", "7", "aB3"])
def test_a_run_without_end_is_counted_nearly(scrap: str) -> None:
    """Beyond `UNBROKEN` a cut falls anywhere and may add a token or two; here, on 200,000 characters."""
    counter = stock("cl100k_base")
    text = scrap * (200_000 // len(scrap))
    reference = len(vocabulary.load_vocabulary("cl100k_base", counter.vocabulary).encode_ordinary(text))
    assert abs(counter.count(text) - reference) <= 2 * len(text) // PIECE


@given(st.text(alphabet="ab \n.,'_7中。\r", max_size=60), st.integers(1, 2000))
def test_pieces_are_the_text(scrap: str, times: int) -> None:
    """Nothing is lost or doubled, and no piece is longer than the two limits allow."""
    text = scrap * times
    parts = list(pieces(text))
    assert "".join(parts) == text
    assert all(len(part) <= PIECE + UNBROKEN for part in parts)


def test_importing_tokens_loads_no_tokenizer_library() -> None:
    """Nor torch, nor transformers; they are for those who use them."""
    heavy = ("torch", "transformers", "tiktoken", "tokenizers", "llama_index")
    script = f"import sys, glyph_memory.tokens; print([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@needs_vocabulary
def test_looking_for_a_vocabulary_does_not_import_llama_index() -> None:
    """Its files are found beside it; it is slow to import and none of our business."""
    script = (
        "import sys; from glyph_memory.tokens.vocabulary import find_vocabulary;"
        "find_vocabulary('cl100k_base'); print('llama_index' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
