"""What is reused equals what is recomputed: for each family, score by score and token by token.

Transformers' own model, loaded apart, computes every prompt from nothing. In float32 two ways of adding up the same
numbers differ by some 1e-6; a wrong position differs by more than a hundredth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from glyph_memory.context import Context
from glyph_memory.testing import TinyFamily
from tests.readers.local.recompute import Answer, Bench, ask_about, collect, draw_page

SAME = 1e-4
FindModel = Callable[[TinyFamily], Path]

PAGES = [
    draw_page(number, size) for number, size in enumerate([(196, 280), (196, 280), (280, 196), (140, 364)], 1)
]


@pytest.fixture
def bench(tiny_model: FindModel, family: TinyFamily) -> Bench:
    """Return an engine over each family's tiny model."""
    return Bench(tiny_model(family))


def ask(bench: Bench, context: Context) -> Answer:
    """Answer one context, after what was computed for others is forgotten by the watcher."""
    bench.forward.scores.clear()
    bench.forward.tokens = 0
    (answer,) = bench.ask(bench.encode(context))
    return answer


def test_a_follow_up_question_equals_a_full_recomputation(bench: Bench) -> None:
    """The second question reads its own tokens alone, and its scores are those of a prompt read whole."""
    first = ask(bench, ask_about(PAGES, "What does page two say?"))
    assert bench.compare(first) < SAME
    second = ask(bench, ask_about(PAGES, "And who wrote the last one?"))
    assert bench.compare(second) < SAME
    unknown = len(second.job.prompt.ids) - second.job.cached_tokens
    assert second.job.cached_tokens >= second.job.prompt.stable_tokens
    assert bench.forward.tokens == unknown + len(second.tokens) - 1


def test_appended_pages_go_on_from_the_others(bench: Bench) -> None:
    """A new page behind known ones: they are not read again, and the scores are those of all read anew."""
    ask(bench, ask_about(PAGES[:2], "What?"))
    answer = ask(bench, ask_about(PAGES, "What now?"))
    assert bench.compare(answer) < SAME
    known = bench.encode(ask_about(PAGES[:2], "What?")).stable_tokens
    assert answer.job.cached_tokens >= known


def test_conversations_in_turn_do_not_mix(bench: Bench) -> None:
    """Three conversations of unlike positions take turns on one model; each goes on where it was."""
    conversations = [PAGES, PAGES[2:], []]
    for turn in range(3):
        for pages in conversations:
            answer = ask(bench, ask_about(pages, f"Question {turn} about {len(pages)} pages"))
            assert bench.compare(answer) < SAME


def test_a_conversation_goes_on_from_its_own_answer(bench: Bench) -> None:
    """A prompt that holds the earlier answer's very tokens begins with them."""
    prompt = bench.encode(ask_about(PAGES, "What?"))
    (first,) = bench.ask(prompt)
    written = torch.tensor(first.tokens[:-1])
    longer = replace(
        prompt,
        ids=torch.cat([prompt.ids, written, written]),
        positions=torch.cat(
            [
                prompt.positions,
                (prompt.next_position + torch.arange(2 * len(written)))[None].expand(
                    len(prompt.positions), -1
                ),
            ],
            dim=1,
        ),
        next_position=prompt.next_position + 2 * len(written),
    )
    bench.forward.scores.clear()
    (second,) = bench.ask(longer)
    assert second.job.cached_tokens == len(prompt.ids) + len(written)
    assert bench.compare(second) < SAME


def test_what_was_evicted_is_computed_again(bench: Bench) -> None:
    """A cache too small for two conversations: the one that left is read again, and right."""
    ask(bench, ask_about(PAGES, "What?"))
    bench.tree.max_bytes = bench.tree.nbytes
    ask(bench, ask_about(list(reversed(PAGES)), "What?"))
    answer = ask(bench, ask_about(PAGES, "What else?"))
    assert answer.job.cached_tokens < answer.job.prompt.stable_tokens
    assert bench.compare(answer) < SAME
    assert bench.tree.nbytes <= bench.tree.max_bytes


def test_keys_and_values_come_back_from_the_disk(
    tiny_model: FindModel, family: TinyFamily, tmp_path: Path
) -> None:
    """Another process's cache folder: only the question is read; a page more is read behind what the files hold."""
    writer = Bench(tiny_model(family), cache_folder=tmp_path / "kv")
    ask(writer, ask_about(PAGES[:3], "What?"))
    reader = Bench(tiny_model(family), cache_folder=tmp_path / "kv")
    answer = ask(reader, ask_about(PAGES[:3], "What else?"))
    assert answer.job.cached_tokens == answer.job.prompt.stable_tokens
    assert reader.compare(answer) < SAME
    longer = ask(reader, ask_about(PAGES, "And now?"))
    assert longer.job.cached_tokens >= answer.job.prompt.stable_tokens
    assert reader.compare(longer) < SAME


def test_prompts_of_unlike_lengths_are_answered_side_by_side(bench: Bench) -> None:
    """Five prompts from no page to four, answers of unlike lengths, known beginnings or none: each as if alone."""
    ask(bench, ask_about(PAGES, "What?"))
    bench.forward.scores.clear()
    contexts = [
        ask_about(PAGES, "Short?"),
        ask_about(PAGES, "A question that is a good deal longer than the one before it?"),
        ask_about(PAGES[1:3], "Other pages?"),
        ask_about([], "No page at all."),
        ask_about(PAGES[:3], "Fewer?"),
    ]
    answers = bench.ask(*map(bench.encode, contexts), max_tokens=[3, 9, 6, 1, 4])
    assert [len(answer.tokens) for answer in answers] == [3, 9, 6, 1, 4]
    for answer in answers:
        assert bench.compare(answer) < SAME


def test_a_prompt_that_joins_late_changes_nobody(bench: Bench) -> None:
    """While one answer is written, a prompt is read and answered, and a third is cancelled: no score changes."""
    prompts = [bench.encode(ask_about(PAGES[:n], f"Question {n}")) for n in (3, 2, 4)]
    jobs = [bench.make_job(prompt, max_tokens=n) for prompt, n in zip(prompts, (12, 4, 12), strict=True)]
    with torch.inference_mode():
        bench.engine.add(jobs[0][0])
        for _ in range(4):
            bench.engine.step()
        bench.engine.add(jobs[1][0])
        bench.engine.add(jobs[2][0])
        for _ in range(4):
            bench.engine.step()
        jobs[2][0].cancel()
        bench.run()
    for job, box in jobs[:2]:
        answer = collect(job, box)
        assert len(answer.tokens) == job.sampling.max_tokens
        assert bench.compare(answer) < SAME


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_chunks_of_any_size_give_the_same(tiny_model: FindModel, family: TinyFamily, chunk: int) -> None:
    """A prompt read 1, 7 or 64 tokens at a time, pages cut in their middle: the scores of one read whole."""
    bench = Bench(tiny_model(family), chunk_tokens=chunk)
    assert bench.compare(ask(bench, ask_about(PAGES[2:], "What?"))) < SAME
    assert bench.compare(ask(bench, ask_about(PAGES[2:], "What else?"))) < SAME


def test_features_serve_a_page_wherever_it_stands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page seen before stands in another place of another prompt: the vision tower does not look again."""
    ask(bench, ask_about(PAGES, "What?"))
    seen: list[str] = []
    look = cast("Callable[..., object]", bench.loaded.model.get_image_features)

    def count(*given: object, **named: object) -> object:
        seen.append("look")
        return look(*given, **named)

    monkeypatch.setattr(bench.loaded.model, "get_image_features", count)
    answer = ask(bench, ask_about([PAGES[3], PAGES[0]], "Other order?", system="Another head."))
    assert bench.compare(answer) < SAME
    assert seen == []
    bench.pictures.forget()
    bench.tree.evict(0)
    ask(bench, ask_about([PAGES[3]], "Again?"))
    assert seen == ["look"]


def test_what_a_model_remembers_of_another_prompt_does_no_harm(bench: Bench) -> None:
    """Somebody uses the model itself in between, which leaves its positions behind in it."""
    ask(bench, ask_about(PAGES, "What?"))
    bench.loaded.model.model.rope_deltas = torch.tensor([[-123]])
    assert bench.compare(ask(bench, ask_about(PAGES, "What else?"))) < SAME


def test_a_compiled_answer_is_the_same_alone_and_when_others_join(
    tiny_model: FindModel, family: TinyFamily
) -> None:
    """Over a static cache, then beside another answer, then alone again: the same tokens as without.

    What compiles is a stand-in that changes nothing: torch's own takes a minute, and was tried by hand.
    """
    calls: list[str] = []

    def compile_with(forward: Callable[..., object], **_: object) -> Callable[..., object]:
        def compute(**given: object) -> object:
            calls.append("compiled")
            return forward(**given)

        return compute

    prompts = [Bench(tiny_model(family)).encode(ask_about(PAGES[:n], f"Question {n}")) for n in (3, 2)]
    plain = Bench(tiny_model(family)).ask(*prompts, max_tokens=[24, 4])
    bench = Bench(tiny_model(family), compile_with=compile_with)
    jobs = [bench.make_job(prompt, max_tokens=n) for prompt, n in zip(prompts, (24, 4), strict=True)]
    with torch.inference_mode():
        bench.engine.add(jobs[0][0])
        for _ in range(7):
            bench.engine.step()
        alone = len(calls)
        bench.engine.add(jobs[1][0])
        bench.run()
    assert alone > 0
    assert len(calls) > alone
    assert [collect(*job).tokens for job in jobs] == [answer.tokens for answer in plain]
    again = bench.ask(prompts[0], max_tokens=24)
    assert again[0].tokens == plain[0].tokens


def test_a_flash_attention_package_is_called_under_its_own_name(
    tiny_model: FindModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transformers asks the module's config which package to take; queries are aligned with the last keys.

    No such package runs on a CPU: this one has their way of being called, and torch's own arithmetic.
    """
    names: list[str] = []

    def attend(
        module: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: None,
        *,
        scaling: float,
    ) -> tuple[torch.Tensor, None]:
        names.append(module.config._attn_implementation)
        hidden = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril(
            key.shape[-2] - query.shape[-2]
        )
        seen = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=hidden, scale=scaling, enable_gqa=True
        )
        return seen.transpose(1, 2), None

    monkeypatch.setitem(ALL_ATTENTION_FUNCTIONS, "flash_attention_2", attend)
    bench = Bench(tiny_model("glm4v"), attention="flash_attention_2")
    for question in ("What?", "Who?"):
        assert bench.compare(ask(bench, ask_about(PAGES, question))) < SAME
    assert set(names) == {"flash_attention_2"}


@pytest.mark.parametrize("works", [0, 2])
def test_a_model_that_cannot_be_compiled_is_run_without(
    tiny_model: FindModel, caplog: pytest.LogCaptureFixture, works: int
) -> None:
    """A compiler that fails is logged once, and the answer is the right one; also where the third token fails."""

    def compile_with(forward: Callable[..., object], **__: object) -> Callable[..., object]:
        calls: list[str] = []

        def compute(**given: object) -> object:
            calls.append("compiled")
            if len(calls) > works:
                forward(**given)  # its keys and values are in, and nothing comes of it
                raise RuntimeError("no C++ compiler")
            return forward(**given)

        return compute

    bench = Bench(tiny_model("glm4v"), compile_with=compile_with)
    for question in ("What?", "Who?"):
        answer = ask(bench, ask_about(PAGES, question))
        want = bench.recompute(answer.job.prompt, answer.tokens[:-1])
        assert answer.tokens == want.argmax(-1).tolist()
    assert [record.message for record in caplog.records if "compile=True" in record.message] == [
        "compile=True does not work for this model here, and is left: no C++ compiler"
    ]


@pytest.mark.parametrize("spoil", ["tail", "answer", "pages"])
def test_a_wrong_position_is_noticed(bench: Bench, spoil: str) -> None:
    """These tests can fail: wrong positions of the tail, the answer or new pages give other scores."""
    ask(bench, ask_about(PAGES[:2], "What?"))
    prompt = bench.encode(ask_about(PAGES, "What else?"))
    positions = prompt.positions.clone()
    if spoil == "tail":
        positions[:, -3:] += 1
    elif spoil == "pages":
        first = prompt.images[2]
        positions[:, first.start : -3] += 50
    wrong = replace(prompt, positions=positions, next_position=prompt.next_position + (spoil == "answer"))
    bench.forward.scores.clear()
    (answer,) = bench.ask(wrong)
    assert bench.compare(replace(answer, job=bench.make_job(prompt)[0])) > 1e-3
