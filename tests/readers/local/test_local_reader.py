"""`TransformersReader` as its users call it: from threads, tasks and processes; with reasoning, stop texts, windows."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from glyph_memory import Context, TransformersReader, overflows_window, typeset
from glyph_memory.errors import ReaderOverflow, ReaderRefused, ReaderUnavailable
from glyph_memory.readers.local.answer import AnswerText
from glyph_memory.testing import TinyFamily

FindModel = Callable[[TinyFamily], Path]
PAGES = typeset("The gate opens at nine.\n" * 40)


@pytest.fixture(scope="module")
def folder(tiny_model: FindModel) -> Path:
    """Return the folder of a tiny Qwen2.5-VL, whose noise is letters."""
    return tiny_model("qwen2.5-vl")


@pytest.fixture(scope="module")
def reader(folder: Path) -> Iterator[TransformersReader]:
    """Return a reader of it that says very little."""
    with TransformersReader(folder, device="cpu", max_tokens=6) as opened:
        yield opened


def about(question: str = "When?") -> Context:
    """Return a question about the pages."""
    return Context.of(question, pages=PAGES)


def test_a_reading_says_what_was_read_and_how_long_it_took(folder: Path) -> None:
    """Tokens of the prompt, of its pictures, known ones and written ones; the times; the model."""
    with TransformersReader(folder, device="cpu", max_tokens=6) as reader:
        first, second = reader.read(about()), reader.read(about("Who?"))
    usage = first.usage
    assert usage.prompt_tokens == reader_tokens(folder, about())
    assert usage.image_tokens == sum(-(-p.size[0] // 28) * -(-p.size[1] // 28) for p in PAGES)
    assert (usage.cached_tokens, usage.completion_tokens) == (0, 6)
    assert second.usage.cached_tokens is not None
    assert usage.image_tokens < second.usage.cached_tokens < (second.usage.prompt_tokens or 0)
    assert (first.finish_reason, first.is_cut_off, first.model) == ("length", True, folder.name)
    assert first.timing.first_token_s is not None
    assert first.timing.total_s is not None
    assert first.timing.first_token_s <= first.timing.total_s
    assert first.tokens_per_s is not None


def reader_tokens(folder: Path, context: Context) -> int:
    """Return what a fresh reader counts."""
    with TransformersReader(folder, device="cpu") as other:
        return other.count_tokens(context)


def test_all_ways_of_asking_give_the_same_answer(reader: TransformersReader) -> None:
    """read, stream, aread, astream: one text, whose pieces join to it."""
    whole = reader.read(about())
    deltas = list(reader.stream(about()))

    async def ask() -> tuple[str, list[str]]:
        awaited = await reader.aread(about())
        return awaited.text, [delta.text async for delta in reader.astream(about())]

    awaited, pieces = asyncio.run(ask())
    assert whole.text
    assert whole.text == awaited == "".join(pieces) == "".join(delta.text for delta in deltas)
    assert deltas[-1].reading is not None
    assert all(delta.reading is None for delta in deltas[:-1])


def test_threads_and_tasks_are_answered_side_by_side(reader: TransformersReader) -> None:
    """Eight threads and eight tasks at once: each gets the answer it gets alone."""
    questions = [f"Question {number}, and some {'more ' * number}words?" for number in range(8)]
    alone = [reader.read(about(question)).text for question in questions]
    with ThreadPoolExecutor(8) as threads:
        assert [r.text for r in threads.map(reader.read, map(about, questions))] == alone

    async def ask() -> list[str]:
        readings = await asyncio.gather(*(reader.aread(about(question)) for question in questions))
        return [reading.text for reading in readings]

    assert asyncio.run(ask()) == alone


def test_whoever_stops_listening_stops_the_model(folder: Path) -> None:
    """A stream that is left, and a task that is cancelled, end their jobs: an idle engine is what remains."""
    with TransformersReader(folder, device="cpu", max_tokens=50_000) as reader:
        stream = reader.stream(about())
        next(stream)
        stream.close()  # type: ignore[attr-defined]  # a generator's

        async def give_up() -> None:
            async with asyncio.timeout(1):
                await reader.aread(about("Who?"))

        with pytest.raises(TimeoutError):
            asyncio.run(give_up())
        engine = reader._held.opened.engine  # type: ignore[union-attr]
        deadline = time.monotonic() + 20
        while not engine.is_idle and time.monotonic() < deadline:
            time.sleep(0.01)
        assert engine.is_idle


def test_a_closed_reader_says_so_and_lets_go_of_its_model(folder: Path) -> None:
    """What runs fails in one line, later calls, too; closing twice does nothing; the weights' memory is free again."""
    reader = TransformersReader(folder, device="cpu", max_tokens=50_000)
    model = weakref.ref(reader._held.opened.loaded.model)  # type: ignore[union-attr]
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            reader.read(about())
        except ReaderUnavailable as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    stream = reader.stream(about("Who?"))
    thread.start()
    next(stream)
    reader.close()
    reader.close()
    thread.join(20)
    assert not thread.is_alive()
    assert "closed" in str(failed[0])
    with pytest.raises(ReaderUnavailable, match="closed"):
        list(stream)
    with pytest.raises(ReaderUnavailable, match=r"is closed\. Make another one"):
        reader.read(about())
    del stream
    gc.collect()
    assert model() is None


def test_a_reader_that_nobody_holds_ends_its_thread(folder: Path) -> None:
    """Without `close`, the thread ends with the reader."""

    def count() -> int:
        return sum(thread.name == "glyph-model" for thread in threading.enumerate())

    before = count()
    reader = TransformersReader(folder, device="cpu", max_tokens=2)
    reader.read(about())
    assert count() == before + 1
    del reader
    gc.collect()
    assert count() == before


def test_a_reader_is_neither_pickled_nor_copied(reader: TransformersReader) -> None:
    """One clear line instead of a thread lock's."""
    with pytest.raises(TypeError, match="holds a model"):
        pickle.dumps(reader)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_is_refused(reader: TransformersReader) -> None:
    """The model's thread stays in the parent: the child is told what to do instead of waiting for ever."""
    stream = reader.stream(about("A stream of the parent's"))
    next(stream)
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: reader.read(about()),
        "warm": lambda: reader.warm(about()),
        "count": lambda: reader.count_tokens(about()),
        "forget": reader.forget,
        "stream": lambda: list(stream),
    }
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        said = []
        for name, call in calls.items():
            try:
                call()
            except BaseException as error:
                said.append(f"{name}: {error!r}")
        os.write(outlet, "\n".join(said).encode())
        os._exit(0)
    os.close(outlet)
    with os.fdopen(inlet) as heard:
        lines = heard.read().splitlines()
    os.waitpid(child, 0)
    assert [line.partition(":")[0] for line in lines] == list(calls)
    assert all("ReaderRefused" in line and "into a forked process" in line for line in lines)
    assert list(stream)
    assert reader.read(about()).text


def test_a_short_program_keeps_its_pages(folder: Path, tmp_path: Path) -> None:
    """Asked once and closed at once: what was read is in `cache_folder`, and the next run finds it."""
    for known in (False, True):
        with TransformersReader(folder, device="cpu", max_tokens=2, cache_folder=tmp_path / "kv") as reader:
            usage = reader.read(about()).usage
        assert (usage.cached_tokens != 0) == known


def test_an_answer_cut_inside_a_character_shows_that(tokenizer: Any) -> None:
    """As transformers does: the rest of the character is the replacement character, and nothing is lost in silence."""
    answer = AnswerText(tokenizer)
    for token in tokenizer("Ok 東")["input_ids"][:-1]:
        answer.feed(token)
    answer.close()
    assert answer.text == "Ok \N{REPLACEMENT CHARACTER}"


def test_a_prompt_beyond_the_window_is_refused_in_words_that_adapters_know(folder: Path) -> None:
    """They fold smaller and send again; an answer that would pass the window's end is cut there."""
    override = {"rope_type": "default", "rope_theta": 10_000.0}
    with TransformersReader(folder, device="cpu", max_tokens=10**9, rope_parameters=override) as reader:
        object.__setattr__(reader, "window_tokens", reader.count_tokens(about()) + 3)
        reading = reader.read(about())
        assert (reading.usage.completion_tokens, reading.finish_reason) == (3, "length")
        object.__setattr__(reader, "window_tokens", 100)
        with pytest.raises(ReaderOverflow, match="maximum context length is 100 tokens") as failed:
            reader.read(about())
    overflow = overflows_window(str(failed.value))
    assert overflow is not None
    assert overflow.window_tokens == 100


def test_warming_makes_the_next_question_short(folder: Path) -> None:
    """`warm` and `awarm` read the pages; what is asked then is known up to its own words."""
    with TransformersReader(folder, device="cpu", max_tokens=2) as reader:
        warmed = reader.warm(about("anything"))
        again = asyncio.run(reader.awarm(about("something else")))
        reading = reader.read(about("When does it open?"))
    assert (warmed.cached_tokens, warmed.completion_tokens) == (0, 0)
    assert warmed.prompt_tokens == again.cached_tokens == again.prompt_tokens
    assert reading.usage.cached_tokens == warmed.prompt_tokens


def test_what_was_kept_can_be_forgotten(folder: Path, tmp_path: Path) -> None:
    """`forget` drops keys, values, features and files; the next question reads everything again."""
    cache = tmp_path / "kv"
    with TransformersReader(folder, device="cpu", max_tokens=2, cache_folder=cache) as reader:
        reader.warm(about())
        reader.forget()
        assert reader.read(about()).usage.cached_tokens == 0
        reader.forget()
        assert list(cache.iterdir()) == []
    assert (cache.stat().st_mode & 0o077) == 0


def test_a_cache_folder_that_others_may_write_to_is_refused(folder: Path, tmp_path: Path) -> None:
    """Keys and values are as secret as what they were made of, and as decisive."""
    tmp_path.chmod(0o777)
    with pytest.raises(ReaderRefused, match="cache_folder="):
        TransformersReader(folder, device="cpu", cache_folder=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("way", ["read", "warm"])
def test_ctrl_c_ends_a_program_that_waits(folder: Path, way: str) -> None:
    """The program is gone at once, with the interrupt's own traceback and no other."""
    script = f"""
import signal
from glyph_memory import Context, TransformersReader, typeset
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
reader = TransformersReader({str(folder)!r}, device="cpu", max_tokens=10**6, prefill_chunk_tokens=1)
print("ready", flush=True)
reader.{way}(Context.of("When?", pages=typeset("The gate opens at nine. " * 9000)))
"""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        time.sleep(1)
        program.send_signal(signal.SIGINT)
        try:
            _, said = program.communicate(timeout=60)
        finally:
            program.kill()
    assert said.count("Traceback") == 1
    assert said.strip().endswith("KeyboardInterrupt")


@pytest.fixture(scope="module")
def tokenizer(tiny_model: FindModel) -> Any:
    """Return a tokenizer that has GLM's tags among its special tokens."""
    return AutoTokenizer.from_pretrained(tiny_model("glm4v"))


def feed(answer: AnswerText, tokenizer: Any, text: str) -> list[str]:
    """Feed a text's tokens one by one; return the pieces of the answer."""
    pieces = [answer.feed(token).text for token in tokenizer(text)["input_ids"]]
    return [*pieces, answer.close().text]


def test_reasoning_and_answer_are_parted(tokenizer: Any) -> None:
    """The tags are special tokens of the model; others are no part of the answer."""
    answer = AnswerText(tokenizer)
    pieces = feed(answer, tokenizer, "<think>Page 2 says so.</think>\n<answer>14:05</answer><|user|>")
    assert (answer.text, answer.reasoning) == ("14:05", "Page 2 says so.")
    assert "".join(pieces) == "14:05"


def test_a_prompt_that_opens_the_reasoning_begins_it(tokenizer: Any) -> None:
    """Some templates write `<think>` themselves: what comes first is reasoning, from its first word on."""
    answer = AnswerText(tokenizer, prompt_end="assistant\n<think>")
    pieces = feed(answer, tokenizer, "So it is.</think>Nine.")
    assert (answer.text, answer.reasoning, "".join(pieces)) == ("Nine.", "So it is.", "Nine.")


def test_characters_of_several_tokens_come_whole(tokenizer: Any) -> None:
    """A byte-level token may be a third of a character."""
    pieces = feed(AnswerText(tokenizer), tokenizer, "Zürich 東京 🙂")
    assert "".join(pieces) == "Zürich 東京 🙂"
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(pieces)


def test_stop_texts_end_the_answer_and_are_no_part_of_it(tokenizer: Any) -> None:
    """What may become one is held back until it is known; what does not is given out."""
    answer = AnswerText(tokenizer, stop=("\nUser:", "END"))
    assert "".join(feed(answer, tokenizer, "An EN and a\nUs.\nUser: more")) == "An EN and a\nUs."
    assert answer.is_stopped
    other = AnswerText(tokenizer, stop=("END",))
    assert "".join(feed(other, tokenizer, "no EN")) == "no EN"
    assert not other.is_stopped
