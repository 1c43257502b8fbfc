"""What is counted and measured: exactly, for a conversation; and the tables that say what all of it is called."""

from __future__ import annotations

import ast
import typing
from dataclasses import replace
from pathlib import Path

from site_parts import ROOT

from glyph_memory import Bookmark, Context, Folding, GlyphMemory, OpenAIReader
from glyph_memory.folding import Seal
from glyph_memory.messages import AnyMessage
from glyph_memory.telemetry import FIELDS, METRICS, SPANS, Fields, SpanKey
from glyph_memory.telemetry.names import MetricKey
from glyph_memory.testing import FakeVLMServer, agent_conversation
from tests.telemetry.recorded import Recorded
from tests.telemetry.talks import POLICY, TALK, open_memory

LONG = "The oak is dried for two years, and sawn in the third. " * 12
PACKAGE = ROOT / "glyph_memory"
CALLS = {"open_span", "trace_call"}, {"count", "measure"}


def test_a_conversation_is_counted_to_the_page(tmp_path: Path, recorded: Recorded) -> None:
    """Seals as they were stored, pages as they were drawn for them, tokens before and after, generations."""
    narrow = replace(POLICY, window_tokens=7_000, output_tokens=500, tools_tokens=0)
    with GlyphMemory.open(tmp_path / "chat.db", policy=narrow) as memory:
        for turn in agent_conversation(turns=150, seed=5).turns:
            memory.add(turn)
        context, fold = memory.context(), memory.fold()
    read, in_pages = recorded.read_metrics(), [seal for seal in fold.seals if seal.kind == "pages"]
    kinds = [seal.kind for seal in fold.seals]
    assert read["glyph_memory.seals.stored"] == {(kind,): kinds.count(kind) for kind in {*kinds}}
    assert fold.generation > 1
    assert read["glyph_memory.generations"] == {(): fold.generation - 1}
    assert read["glyph_memory.seals.tokens"] == {
        ("text",): sum(seal.text_tokens for seal in in_pages),
        ("pages",): sum(seal.tokens for seal in in_pages),
    }
    assert read["glyph_memory.pages.drawn"][("seal",)] >= sum(len(seal.pages) for seal in in_pages)
    shown = sum(seal.tokens for seal in fold.visible_seals if seal.kind == "pages")
    assert context.images
    assert read["glyph_memory.context.tokens"][("pages",)] == shown
    assert {*read["glyph_memory.store.wait"]} == {("sqlite", "read"), ("sqlite", "write")}


def test_seals_that_are_found_again_are_not_counted_again(tmp_path: Path, recorded: Recorded) -> None:
    """Opening a memory makes none."""
    with open_memory(tmp_path) as memory:
        memory.extend(TALK[:40])
    before = recorded.read_metrics()["glyph_memory.seals.stored"]
    with open_memory(tmp_path) as memory:
        assert memory.context().images
    assert recorded.read_metrics()["glyph_memory.seals.stored"] == before


def test_a_readers_tokens_and_times_are_measured(recorded: Recorded) -> None:
    """What was asked twice is cached the second time."""
    context = Context.of("When did it start? " * 100, pages=[])
    with (
        FakeVLMServer(answer=lambda _: "14:05") as server,
        OpenAIReader(server.base_url, model="glyph") as reader,
    ):
        usages = [reader.read(context).usage for _ in range(2)]
        [*reader.stream(context)]
    read, asked = recorded.read_metrics(), ("chat", "openai", "glyph")
    tokens = usages[0].prompt_tokens or 0
    assert read["gen_ai.client.token.usage"] == {
        (*asked, "input"): 3 * tokens,
        (*asked, "output"): 3 * (usages[0].completion_tokens or 0),
    }
    share = (usages[1].cached_tokens or 0) / tokens
    assert share > 0.5
    assert read["glyph_memory.cached_share"] == {("reader",): 2 * share}
    assert read["gen_ai.client.operation.duration"][asked] > 0
    assert {*read["gen_ai.client.operation.time_to_first_chunk"]} == {asked}


def test_the_tables_agree_with_each_other() -> None:
    """Every keyword has its attribute, every row its key, and rows name keywords that there are."""
    assert {*typing.get_type_hints(Fields)} == {*FIELDS}
    assert {*typing.get_args(SpanKey)} == {*SPANS}
    assert {*typing.get_args(MetricKey)} == {*METRICS}
    rows = [*(row.fields for row in SPANS.values()), *(row.fields for row in METRICS.values())]
    assert {keyword for row in rows for keyword in row} | {"error"} == {*FIELDS}
    names = [field.name for field in FIELDS.values()]
    assert len({*names}) == len(names)
    assert all((field.kind == "words") == bool(field.words) for field in FIELDS.values())


def test_metrics_have_no_label_without_bounds() -> None:
    """Words, errors' classes, statuses, and models, of which there are 32 at the most."""
    kinds = {
        FIELDS[keyword].kind for row in METRICS.values() for keyword in row.fields if keyword != "status"
    }
    assert kinds == {"words", "error", "model"}


def test_every_row_is_used() -> None:
    """A name in the documentation that nothing ever tells would be looked for in vain."""
    used = set[str]()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "glyph_memory.telemetry import" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in CALLS[0] | CALLS[1] and isinstance(first, ast.Constant):
                    used.add(str(first.value))
    assert used == {*SPANS, *METRICS}


def test_a_history_that_others_keep_is_counted_like_a_memory(recorded: Recorded) -> None:
    """Each seal once: what the bookmark has, or what is remembered, is not counted again; nor by another process."""
    messages, mark = [{"role": "user", "content": f"{number}: {LONG}"} for number in range(80)], Bookmark()
    narrow = replace(POLICY, window_tokens=7_000, output_tokens=500, tools_tokens=0)
    folding, made = Folding[AnyMessage]("glyph", policy=narrow), set[Seal]()
    for turns in range(1, len(messages) + 1):
        for _ in range(2):
            folded = folding.fold(messages[:turns], mark)
        mark = folded.bookmark
        made |= {*mark.seals}
    read, in_pages = recorded.read_metrics(), [seal for seal in made if seal.kind == "pages"]
    kinds = [seal.kind for seal in made]
    assert len(in_pages) > 2
    assert mark.generation > 1
    assert read["glyph_memory.seals.stored"] == {(kind,): kinds.count(kind) for kind in {*kinds}}
    assert read["glyph_memory.generations"] == {(): mark.generation - 1}
    assert read["glyph_memory.seals.tokens"] == {
        ("text",): sum(seal.text_tokens for seal in in_pages),
        ("pages",): sum(seal.tokens for seal in in_pages),
    }
    Folding[AnyMessage]("glyph", policy=narrow).fold(messages, mark)
    assert recorded.read_metrics()["glyph_memory.seals.stored"] == read["glyph_memory.seals.stored"]


def test_a_history_whose_beginning_is_gone_begins_one_generation(recorded: Recorded) -> None:
    """However often it is folded with the old bookmark."""
    messages = [{"role": "user", "content": f"{number}: {LONG}"} for number in range(80)]
    narrow = replace(POLICY, window_tokens=7_000, output_tokens=500, tools_tokens=0)
    folding, mark = Folding[AnyMessage]("glyph", policy=narrow), Bookmark()
    for turns in range(1, len(messages) + 1):
        mark = folding.fold(messages[:turns], mark).bookmark
    before = recorded.read_metrics()["glyph_memory.generations"][()]
    for _ in range(3):
        gone = folding.fold(messages[40:], mark)
    assert gone.notice
    assert (
        recorded.read_metrics()["glyph_memory.generations"][()]
        == before + gone.bookmark.generation - mark.generation
    )
