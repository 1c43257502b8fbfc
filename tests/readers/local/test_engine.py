"""What goes wrong in the model's thread: memory, cancelled jobs, askers that are gone. The others are served on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch

from glyph_memory.errors import BadReading, ReaderError, ReaderOverflow, ReaderRefused
from glyph_memory.readers import OutOfMemory
from glyph_memory.readers.local.failures import is_out_of_memory
from glyph_memory.readers.local.features import Features, PictureReader
from glyph_memory.readers.local.jobs import Job
from glyph_memory.readers.local.need import ModelShape
from glyph_memory.readers.local.prompt import Prompt
from glyph_memory.readers.local.room import RoomCheck
from glyph_memory.readers.local.sampling import Sampler, Sampling
from glyph_memory.readers.local.segments import PrefixTree
from glyph_memory.readers.local.slots import Slots
from glyph_memory.testing import TinyFamily
from tests.readers.local.recompute import Bench, ask_about, collect, draw_page

FindModel = Callable[[TinyFamily], Path]
PAGES = [draw_page(number) for number in (1, 2)]


@pytest.fixture
def bench(tiny_model: FindModel) -> Bench:
    """Return an engine over a tiny GLM-4.1V."""
    return Bench(tiny_model("glm4v"))


def no_memory() -> Exception:
    """Return what a GPU without memory raises."""
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_a_prompt_that_finds_no_memory_is_read_again_with_empty_caches(bench: Bench) -> None:
    """One failure: caches are dropped, the chunk is read in smaller pieces, and the answer is the right one."""
    bench.ask(bench.encode(ask_about(PAGES[:1], "Other?")))
    bench.forward.scores.clear()
    bench.forward.fails = [no_memory()]
    (answer,) = bench.ask(bench.encode(ask_about(PAGES, "What?")))
    assert bench.compare(answer) < 1e-4


def test_memory_that_is_too_small_twice_is_a_typed_error_and_the_reader_stays_usable(bench: Bench) -> None:
    """Two failures: the job fails with `OutOfMemory`, in one line; the next one is answered."""
    bench.forward.fails = [no_memory(), no_memory()]
    with pytest.raises(OutOfMemory, match=r"Send fewer pages") as failed:
        bench.ask(bench.encode(ask_about(PAGES, "What?")))
    assert "\n" not in str(failed.value)
    assert isinstance(failed.value, ReaderOverflow)
    bench.forward.scores.clear()
    (answer,) = bench.ask(bench.encode(ask_about(PAGES, "What?")))
    assert bench.compare(answer) < 1e-4


def test_memory_that_runs_out_while_answers_are_written_is_tried_once_more(bench: Bench) -> None:
    """The token is written again with empty caches, and nobody's answer changes."""
    prompts = [bench.encode(ask_about(PAGES[:n], "What?")) for n in (1, 2)]
    jobs = [bench.make_job(prompt) for prompt in prompts]
    with torch.inference_mode():
        for job, _ in jobs:
            bench.engine.add(job)
        for _ in range(5):
            bench.engine.step()
        bench.forward.fails = [no_memory()]
        bench.run()
    for job, box in jobs:
        assert bench.compare(collect(job, box)) < 1e-4


def test_whatever_a_model_raises_fails_its_job_alone(bench: Bench) -> None:
    """A job whose page cannot be read fails with an error of ours; one that waits behind it is answered."""
    prompts = [bench.encode(ask_about(PAGES[:n], "What?")) for n in (1, 2)]
    jobs = [bench.make_job(prompt) for prompt in prompts]
    bench.forward.fails = [ValueError("something odd\nin two lines")]
    with torch.inference_mode():
        for job, _ in jobs:
            bench.engine.add(job)
        bench.run()
    with pytest.raises(ReaderError, match="ValueError") as failed:
        collect(*jobs[0])
    assert "\n" not in str(failed.value)
    assert bench.compare(collect(*jobs[1])) < 1e-4


def test_a_cancelled_prompt_is_dropped_and_what_was_read_of_it_is_kept(tiny_model: FindModel) -> None:
    """Cancelled between two chunks: nothing more is computed, and who asks again goes on from there."""
    bench = Bench(tiny_model("glm4v"), chunk_tokens=20)
    prompt = bench.encode(ask_about(PAGES, "What?"))
    job, box = bench.make_job(prompt)
    with torch.inference_mode():
        bench.engine.add(job)
        for _ in range(3):
            bench.engine.step()
        job.cancel()
        bench.run()
    assert box.empty()
    assert bench.forward.tokens == 60
    (answer,) = bench.ask(prompt)
    assert answer.job.cached_tokens == 60
    assert bench.compare(answer) < 1e-4
    assert bench.tree.evict(0) > 0
    assert len(bench.tree) == 0


def test_nothing_stays_pinned_when_all_is_done(bench: Bench) -> None:
    """After answers, failures and cancelled jobs, everything that is kept can be dropped."""
    bench.ask(*(bench.encode(ask_about(PAGES[:n], "What?")) for n in (2, 1, 0, 2)))
    bench.forward.fails = [ValueError("odd")]
    with pytest.raises(ReaderError):
        bench.ask(bench.encode(ask_about(PAGES[1:], "What?")))
    bench.tree.evict(0)
    assert (bench.tree.nbytes, len(bench.tree)) == (0, 0)


def test_an_asker_that_is_gone_stops_nobody(bench: Bench) -> None:
    """A closed event loop raises where its events are sent: that job ends, the other goes on."""

    def gone(_: object) -> None:
        raise RuntimeError("Event loop is closed")

    job = Job(prompt=bench.encode(ask_about(PAGES, "What?")), sampling=Sampling(max_tokens=500), send=gone)
    other, box = bench.make_job(bench.encode(ask_about(PAGES, "Who?")))
    with torch.inference_mode():
        bench.engine.add(job)
        bench.engine.add(other)
        bench.run()
    assert job.is_cancelled
    assert len(collect(other, box).tokens) == 5


@pytest.mark.parametrize("where", ["find", "_cut", "insert", "mark_image", "choose", "place"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("error", [MemoryError(), ValueError("odd")])
def test_whatever_fails_wherever_nobody_waits_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, where: str, times: int, error: Exception
) -> None:
    """While a prompt is begun, read, kept or its first token chosen: an answer or an error comes, and no pin stays."""
    bench.ask(bench.encode(ask_about(PAGES, "One?")))
    owner = {"choose": Sampler, "place": PictureReader}.get(where, PrefixTree)
    works, left = getattr(owner, where), [error] * times

    def fail(*given: object, **named: object) -> object:
        if left:
            raise left.pop()
        return works(*given, **named)

    monkeypatch.setattr(owner, where, fail)
    try:
        (answer,) = bench.ask(bench.encode(ask_about([PAGES[0], draw_page(7)], "Two?")))
    except ReaderError as failed:
        assert isinstance(failed, OutOfMemory) == (isinstance(error, MemoryError) and times == 2)
    else:
        assert (isinstance(error, MemoryError) and times == 1) or left
        assert bench.compare(answer) < 1e-4
    monkeypatch.setattr(owner, where, works)
    bench.forward.scores.clear()
    (answer,) = bench.ask(bench.encode(ask_about(PAGES, "Three?")))
    assert bench.compare(answer) < 1e-4
    bench.tree.evict(0)
    assert len(bench.tree) == 0


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize("where", ["add", "copy", "extend", "begin_token"])
def test_memory_that_runs_out_beside_the_model_tells_no_token_twice(
    tiny_model: FindModel, monkeypatch: pytest.MonkeyPatch, where: str, is_compiled: bool
) -> None:
    """While an answer gets its place, grows, moves or is put away: it comes once, whole, with one end."""
    compile_with = (lambda forward, **_: forward) if is_compiled else None
    bench = Bench(tiny_model("glm4v"), compile_with=compile_with)
    works, left = getattr(Slots, where), [no_memory()]

    def fail(*given: object, **named: object) -> object:
        if left:
            raise left.pop()
        return works(*given, **named)

    monkeypatch.setattr(Slots, where, fail)
    prompts = [bench.encode(ask_about(PAGES[:n], "What?")) for n in (1, 2)]
    jobs = [bench.make_job(prompt, max_tokens=n) for prompt, n in zip(prompts, (9, 4), strict=True)]
    with torch.inference_mode():
        bench.engine.add(jobs[0][0])
        for _ in range(4):
            bench.engine.step()
        bench.engine.add(jobs[1][0])
        bench.run()
    assert left == [] or (where, is_compiled) in {("extend", False), ("begin_token", True)}
    for job, box in jobs:
        answer = collect(job, box)
        want = bench.recompute(job.prompt, answer.tokens[:-1])
        assert answer.tokens == want.argmax(-1).tolist()
        assert len(answer.tokens) == job.sampling.max_tokens


def test_a_prompt_waits_for_the_memory_of_answers_that_run(tiny_model: FindModel) -> None:
    """It is refused only if it would not fit alone; what waits to be written to files makes room before."""
    bench: Bench

    def check(_: Job[Prompt], __: int, ___: int) -> None:
        if bench.engine._rows:
            raise ReaderOverflow("not beside another")

    bench = Bench(tiny_model("glm4v"), check_room=check)
    answers = bench.ask(*(bench.encode(ask_about(PAGES, f"Question {n}?")) for n in range(3)))
    assert [len(answer.tokens) for answer in answers] == [5, 5, 5]
    assert max(len(scores) for scores in bench.forward.scores) == 1

    def refuse(_: Job[Prompt], __: int, ___: int) -> None:
        raise ReaderOverflow("never")

    with pytest.raises(ReaderOverflow, match="never"):
        Bench(tiny_model("glm4v"), check_room=refuse).ask(bench.encode(ask_about(PAGES, "What?")))


def test_a_picture_that_chunks_cut_is_looked_at_once(
    tiny_model: FindModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no features are kept: those of the last picture are, until the next."""
    bench = Bench(tiny_model("glm4v"), chunk_tokens=9, feature_bytes=0)
    seen: list[str] = []
    look = PictureReader._compute

    def count(self: PictureReader, processed: dict[str, torch.Tensor]) -> Features:
        seen.append("look")
        return look(self, processed)

    monkeypatch.setattr(PictureReader, "_compute", count)
    (answer,) = bench.ask(bench.encode(ask_about(PAGES, "What?")))
    assert bench.compare(answer) < 1e-4
    assert len(seen) == len(PAGES)


def test_scores_that_are_no_numbers_are_an_error(bench: Bench) -> None:
    """Greedy or drawn, at the first token or later: not an answer of the token with number 0, and no wait."""
    weights = bench.loaded.model.lm_head.weight
    kept = weights[5].clone()
    for temperature in (0.0, 1.0):
        for value in (float("nan"), float("inf")):
            weights[5] = value
            job, box = bench.make_job(bench.encode(ask_about([], "What?")))
            job.sampler = Sampler(Sampling(temperature=temperature))
            with torch.inference_mode():
                bench.engine.add(job)
                bench.run()
            with pytest.raises(BadReading, match="no numbers"):
                collect(job, box)
            weights[5] = kept


def test_an_answer_that_cannot_go_on_stops_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sampler fails at the third token; the other answer beside it is whole."""
    jobs = [bench.make_job(bench.encode(ask_about(PAGES[:n], "What?"))) for n in (1, 2)]
    jobs[0][0].sampler = Sampler(Sampling(temperature=1.0))
    draws: list[int] = []

    def choose(_: Sampler, scores: torch.Tensor) -> int:
        draws.append(int(scores.argmax()))
        if len(draws) == 3:
            raise ValueError("odd")
        return draws[-1]

    monkeypatch.setattr(jobs[0][0].sampler, "choose", partial(choose, jobs[0][0].sampler))
    with torch.inference_mode():
        for job, _ in jobs:
            bench.engine.add(job)
        bench.run()
    with pytest.raises(ReaderError, match="odd"):
        collect(*jobs[0])
    assert bench.compare(collect(*jobs[1])) < 1e-4


def test_answers_wait_for_room(tiny_model: FindModel) -> None:
    """More prompts than `max_batch_tokens` holds are answered one after the other, and all are."""
    bench = Bench(tiny_model("glm4v"), max_batch_tokens=100)
    answers = bench.ask(*(bench.encode(ask_about(PAGES, f"Question {n}?")) for n in range(5)))
    assert all(len(answer.tokens) == 5 for answer in answers)
    assert max(len(scores) for scores in bench.forward.scores) == 1


def test_warming_reads_the_unchanging_part_and_writes_nothing(bench: Bench) -> None:
    """After it, a question reads its own tokens alone; warming again computes nothing."""
    prompt = bench.encode(ask_about(PAGES, "What?"))
    for read in (prompt.stable_tokens, prompt.stable_tokens):
        job, box = bench.make_job(prompt, is_warming=True)
        with torch.inference_mode():
            bench.engine.add(job)
            bench.run()
        answer = collect(job, box)
        assert (answer.tokens, answer.reason) == ([], "stop")
        assert bench.forward.tokens == read
    assert job.cached_tokens == prompt.stable_tokens
    (answer,) = bench.ask(bench.encode(ask_about(PAGES, "Who was it?")))
    assert answer.job.cached_tokens == prompt.stable_tokens
    assert bench.compare(answer) < 1e-4


def test_a_prompt_that_cannot_fit_is_refused_with_the_numbers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is computed: what it needs, what is free, and what would help. Caches are dropped first."""
    bench.ask(bench.encode(ask_about(PAGES[:1], "Other?")))
    shape = ModelShape.of(bench.loaded.config, dtype_bytes=4)
    check = RoomCheck(
        shape, device=bench.loaded.device, tree=bench.tree, pictures=bench.pictures, chunk_tokens=512
    )
    free = [1 << 20]
    monkeypatch.setattr("glyph_memory.readers.local.room.free_bytes", lambda _: free[0])
    job, _ = bench.make_job(bench.encode(ask_about(PAGES, "What?")), max_tokens=10_000)
    with pytest.raises(
        ReaderOverflow, match=r"needs .* GiB .* are free\. Send fewer pages, lower max_tokens"
    ):
        check(job, 0, len(job.prompt.ids))
    assert (bench.tree.nbytes, len(bench.pictures.cache)) == (0, 0)
    free[0] = 1 << 30
    check(job, 0, len(job.prompt.ids))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_errors_are_told_from_others(error: Exception) -> None:
    """What CUDA, Python and torch's CPU allocator raise; not what else is a RuntimeError."""
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_sampling_is_drawn_from_the_scores() -> None:
    """Greedy takes the likeliest; top_k=1 and a tiny top_p do, too; a seed draws the same tokens again."""
    scores = torch.tensor([0.0, 3.0, 1.0, 2.5])
    assert Sampler(Sampling()).choose(scores) == 1
    assert Sampler(Sampling(temperature=1.0, top_k=1)).choose(scores) == 1
    assert Sampler(Sampling(temperature=1.0, top_p=1e-6)).choose(scores) == 1
    draws = [[Sampler(Sampling(temperature=2.0, seed=n)).choose(scores) for _ in range(1)] for n in range(40)]
    assert draws == [[Sampler(Sampling(temperature=2.0, seed=n)).choose(scores)] for n in range(40)]
    assert {draw for (draw,) in draws} == {0, 1, 2, 3}
    torch.manual_seed(5)
    before = torch.initial_seed()
    assert Sampler(Sampling(temperature=1e-40)).choose(scores) == 1
    Sampler(Sampling(temperature=1.0)).choose(scores)
    assert torch.initial_seed() == before
    top_two = {Sampler(Sampling(temperature=5.0, top_k=2, seed=n)).choose(scores) for n in range(40)}
    assert top_two == {1, 3}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max_tokens", 0),
        ("max_tokens", True),
        ("temperature", -1),
        ("temperature", float("nan")),
        ("top_p", 0),
        ("top_p", 1.5),
        ("top_k", 0),
        ("seed", 1.5),
        ("stop", ("",)),
    ],
)
def test_options_that_cannot_work_are_refused_by_name(option: str, value: object) -> None:
    """One line: which option, what it was, what it is to be."""
    with pytest.raises(ReaderRefused, match=rf"^{option}="):
        Sampling(**{option: value})  # type: ignore[arg-type]  # that is the point
