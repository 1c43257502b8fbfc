"""What a reader with a model in this process tells of its calls: figures and names, nothing of what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from glyph_memory import Context, ReaderError, TransformersReader, typeset
from glyph_memory.testing import TinyFamily
from tests.telemetry.recorded import Recorded, plain, record

FindModel = Callable[[TinyFamily], Path]
PAGES = typeset("The gate opens at nine.\n" * 40)
QUESTION = "hunter2hunter2?"
USED = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens",
        "glyph_memory.usage.image_tokens", "gen_ai.response.time_to_first_chunk")  # fmt: skip


@pytest.fixture(scope="module")
def reader(tiny_model: FindModel) -> Iterator[TransformersReader]:
    """Return a reader that says very little."""
    with TransformersReader(tiny_model("qwen2.5-vl"), device="cpu", max_tokens=6) as opened:
        yield opened


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    """Return what is recorded while the test runs."""
    with record() as found:
        yield found


def ask() -> Context:
    """Return a question about pages."""
    return Context.of(QUESTION, pages=PAGES)


def test_a_call_is_told_by_its_figures(reader: TransformersReader, recorded: Recorded) -> None:
    """All of them, as the reading has them; of the model's folder only its last part, and no server."""
    reading = reader.read(ask())
    (span,) = recorded.spans
    folder = Path(reader.model).name
    usage = reading.usage
    assert (span.name, span.kind) == (f"chat {folder}", SpanKind.CLIENT)
    told = plain(span)
    assert [told.pop(name) for name in USED] == [
        usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.image_tokens,
        reading.timing.first_token_s,
    ]  # fmt: skip
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "transformers",
        "gen_ai.request.model": folder,
        "gen_ai.request.max_tokens": 6,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.response.model": folder,
        "gen_ai.response.finish_reasons": ("length",),
        "glyph_memory.request.images": len(PAGES),
        "glyph_memory.reader.is_warming": False,
    }
    measured = recorded.read_metrics()["gen_ai.client.token.usage"]
    assert measured == {
        ("chat", "transformers", folder, "input"): usage.prompt_tokens,
        ("chat", "transformers", folder, "output"): usage.completion_tokens,
    }
    assert QUESTION not in recorded.dump()
    assert reading.text.strip() not in {"", *map(str, plain(span).values())}


def test_a_stream_that_is_left_and_a_prompt_that_is_warmed(
    reader: TransformersReader, recorded: Recorded
) -> None:
    """Leaving is no error; a stream is nobody's parent between its pieces."""
    stream = reader.stream(ask())
    next(stream)
    assert not trace.get_current_span().get_span_context().is_valid
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    reader.warm(ask())
    left, warmed = recorded.spans
    assert left.status.status_code is StatusCode.UNSET
    assert "error.type" not in plain(left)
    assert plain(warmed)["glyph_memory.reader.is_warming"] is True


def test_a_call_that_is_awaited_is_below_its_caller(reader: TransformersReader, recorded: Recorded) -> None:
    """Though the model works in a thread of its own."""

    async def agent() -> None:
        with recorded.tracer_provider.get_tracer("the user's").start_as_current_span("agent"):
            await asyncio.gather(reader.aread(ask()), reader.aread(ask()))

    asyncio.run(agent())
    (above,) = recorded.find("agent")
    below = [span.parent.span_id for span in recorded.spans if span.parent]
    assert below == [above.context.span_id] * 2


def test_an_error_is_told_by_its_class(reader: TransformersReader, recorded: Recorded) -> None:
    """A prompt beyond the window; what the error says is not told."""
    with pytest.raises(ReaderError) as raised:
        reader.read(Context.of(f"{QUESTION} " * 40_000, pages=[]))
    (span,) = recorded.spans
    assert plain(span)["error.type"] == type(raised.value).__name__
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    assert QUESTION not in recorded.dump()
