"""Keys and values in files: what is found, what is not trusted, what goes, what never makes anybody wait."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from glyph_memory.readers.local.disk import PrefixFiles
from glyph_memory.testing import TinyFamily
from tests.readers.local.recompute import Bench, ask_about, draw_page

FindModel = Callable[[TinyFamily], Path]
PAGES = [draw_page(number) for number in (1, 2)]
CONTEXT = ask_about(PAGES, "What?")


@pytest.fixture
def folder(tiny_model: FindModel, tmp_path: Path) -> Path:
    """Return a folder with the file of one prompt."""
    bench = Bench(tiny_model("glm4v"), cache_folder=tmp_path / "kv")
    bench.ask(bench.encode(CONTEXT))
    assert len(list((tmp_path / "kv").iterdir())) == 1
    return tmp_path / "kv"


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    """Write a file's tensors anew, changed, with what it says about itself."""
    with safe_open(str(path), "pt") as file:
        about = file.metadata()
    save_file(change(load_file(path)), path, metadata=about)


def flip(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Change one number of one tensor."""
    tensors["k.0"].view(-1)[7] += 1
    return tensors


def make_folder(path: Path) -> None:
    """Put a folder in the place of a file."""
    path.unlink()
    path.mkdir()


def make_pipe(path: Path) -> None:
    """Put a pipe in the place of a file."""
    path.unlink()
    os.mkfifo(path)


BROKEN: dict[str, Callable[[Path], object]] = {
    "removed": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "no tensors": lambda path: rewrite(path, lambda _: {}),
    "a layer less": lambda path: rewrite(path, lambda held: {n: t for n, t in held.items() if "0" not in n}),
    "other names": lambda path: rewrite(path, lambda held: {f"x{n}": t for n, t in held.items()}),
    "another type": lambda path: rewrite(path, lambda held: {n: t.half() for n, t in held.items()}),
    "one number": lambda path: rewrite(path, flip),
    "a folder": make_folder,
    "a pipe": make_pipe,
}


@pytest.mark.parametrize("when", ["before", "while"])
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_file_is_read_anew(tiny_model: FindModel, folder: Path, broken: str, when: str) -> None:
    """Whatever became of a file, before a reader looked at it or after: the prompt is computed, and right."""
    (path,) = folder.iterdir()
    bench = Bench(tiny_model("glm4v"), cache_folder=folder) if when == "while" else None
    BROKEN[broken](path)
    bench = bench or Bench(tiny_model("glm4v"), cache_folder=folder)
    (answer,) = bench.ask(bench.encode(CONTEXT))
    assert answer.job.cached_tokens == 0
    assert bench.compare(answer) < 1e-4


def test_forgetting_deletes_what_others_wrote_too(tiny_model: FindModel, folder: Path) -> None:
    """Another process' files of the same prompt, and another model's: erased turns are in these as well."""
    bench = Bench(tiny_model("glm4v"), cache_folder=folder)
    other = Bench(tiny_model("qwen2.5-vl"), cache_folder=folder)
    other.ask(other.encode(CONTEXT))
    assert len(list(folder.iterdir())) == 2
    bench.engine.forget()
    assert list(folder.iterdir()) == []


def test_nothing_of_what_runs_is_kept_once_all_was_to_be_forgotten(
    tiny_model: FindModel, tmp_path: Path
) -> None:
    """A prompt that is being read, and an answer that is being written: they end, and leave nothing behind."""
    bench = Bench(tiny_model("glm4v"), cache_folder=tmp_path / "kv", chunk_tokens=30)
    for steps in (2, 7):  # in the middle of the prompt, and of the answer
        job, box = bench.make_job(bench.encode(CONTEXT), max_tokens=8)
        with torch.inference_mode():
            bench.engine.add(job)
            for _ in range(steps):
                bench.engine.step()
            bench.engine.forget()
            bench.run()
        assert box.qsize() == 9
        assert (bench.tree.nbytes, len(bench.tree)) == (0, 0)
        assert list((tmp_path / "kv").iterdir()) == []
    (answer,) = bench.ask(bench.encode(CONTEXT))
    assert answer.job.cached_tokens == 0
    assert bench.compare(answer) < 1e-4


def test_a_prompt_that_is_given_up_after_all_was_to_be_forgotten_leaves_nothing(
    tiny_model: FindModel, tmp_path: Path
) -> None:
    """What was read of it is kept otherwise, for whoever asks again."""
    bench = Bench(tiny_model("glm4v"), cache_folder=tmp_path / "kv", chunk_tokens=30)
    job, _ = bench.make_job(bench.encode(CONTEXT))
    with torch.inference_mode():
        bench.engine.add(job)
        bench.engine.step()
        bench.engine.forget()
        job.cancel()
        bench.run()
    assert (bench.tree.nbytes, len(bench.tree)) == (0, 0)


def test_without_a_cache_in_memory_files_are_written_all_the_same(
    tiny_model: FindModel, tmp_path: Path
) -> None:
    """What is to be written stays in memory until it is."""
    bench = Bench(tiny_model("glm4v"), cache_folder=tmp_path / "kv", prefix_bytes=0)
    bench.ask(bench.encode(CONTEXT))
    assert len(list((tmp_path / "kv").iterdir())) == 1
    assert bench.tree.nbytes == 0


def test_an_error_while_nobody_waits_is_logged(
    tiny_model: FindModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full, or anything else: the answer was given, and nothing stays pinned."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PrefixFiles, "save", fail)
    bench = Bench(tiny_model("glm4v"), cache_folder=tmp_path / "kv")
    (answer,) = bench.ask(bench.encode(CONTEXT))
    assert bench.compare(answer) < 1e-4
    assert "No space left on device" in caplog.text
    bench.tree.evict(0)
    assert len(bench.tree) == 0


def test_the_folder_has_no_more_bytes_than_it_may_have(tiny_model: FindModel, folder: Path) -> None:
    """All files count, whoever wrote them; the one used longest ago goes; what is larger is not written."""
    (first,) = folder.iterdir()
    prompt = Bench(tiny_model("glm4v")).encode(CONTEXT)
    tensors = [torch.full((2, prompt.stable_tokens, 16), float(layer)) for layer in range(8)]
    layers = list(zip(tensors[:4], tensors[4:], strict=True))
    for most, is_written in ((200_000, True), (10, False), (0, False)):
        before = list(folder.iterdir())
        PrefixFiles(folder, model=f"of {most}", max_bytes=most).save(
            prompt, "", 0, prompt.stable_tokens, layers
        )
        assert (list(folder.iterdir()) != before) == is_written
        assert len(list(folder.iterdir())) == 1
    assert not first.exists()
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 200_000
