"""Nothing of what was said, drawn or configured in secret is ever told: neither as it is nor in base64."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from glyph_memory import Context, GlyphMemory, OpenAIReader, ReaderError, TurnError
from glyph_memory.documents import draw_pages, read_document
from glyph_memory.telemetry import FIELDS, count, measure, open_span, shorten_model
from glyph_memory.telemetry.values import spell_attributes, spell_labels
from glyph_memory.testing import FakeVLMServer, Fault
from tests.serve.running import run_proxy
from tests.telemetry.recorded import Recorded
from tests.telemetry.talks import POLICY, TALK

SECRET = "hunter2hunter2"  # noqa: S105 - of nobody
KEY, LOGIN = "sk-4f9a1c2b7d", "lovelace-1815"


def spell(secret: str) -> list[str]:
    """Return a secret as it is, and as it stands in base64 at each of three places."""
    packed = [base64.b64encode(b"\0" * before + secret.encode()).decode()[4:16] for before in range(3)]
    return [secret, *packed]


def draw_picture() -> bytes:
    """Return a picture's file."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "PNG")
    return file.getvalue()


def test_a_memory_tells_nothing_that_was_said(tmp_path: Path, recorded: Recorded) -> None:
    """Turns, names, ids, pictures, questions, the session, the file's place, and words that an error quotes."""
    picture = draw_picture()
    folder = tmp_path / SECRET
    folder.mkdir()
    with GlyphMemory.open(folder / "chat.db", session=SECRET, policy=POLICY) as memory:
        memory.extend(TALK[:40])
        memory.add("user", f"The key is {SECRET}.", name=SECRET, id=SECRET, images=[picture])
        memory.add("assistant", f"I keep {base64.b64encode(SECRET.encode()).decode()}.")
        memory.recall(SECRET)
        memory.context(f"Is it {SECRET}?", focus_tokens=500)
        with pytest.raises(TurnError):
            memory.add(SECRET, "nobody")  # type: ignore[arg-type]  # which is the point
    told = recorded.dump()
    assert "TurnError" in told
    assert [one for one in spell(SECRET) if one in told] == []
    assert base64.b64encode(picture).decode()[:40] not in told


def test_a_reader_tells_neither_its_key_nor_what_it_asked(recorded: Recorded) -> None:
    """Keys in the address, a header, the body; the question, the answer, the server's refusal that quotes them."""
    with FakeVLMServer(answer=lambda _: SECRET, faults=[Fault(status=400, body=SECRET.encode())]) as server:
        address = server.base_url.replace("http://", f"http://{LOGIN}:{KEY}@")
        options = {"api_key": None, "headers": {"X-Key": KEY}, "extra_body": {"cache_salt": KEY}}
        with OpenAIReader(address, **options) as reader:  # type: ignore[arg-type]
            for _ in range(2):
                with contextlib.suppress(ReaderError):
                    reader.read(Context.of(SECRET, pages=[]))
    told = recorded.dump()
    assert "127.0.0.1" in told
    assert [one for secret in (SECRET, KEY, LOGIN) for one in spell(secret) if one in told] == []


def test_a_document_tells_neither_its_words_nor_its_place(tmp_path: Path, recorded: Recorded) -> None:
    """Not even its name."""
    path = tmp_path / f"{SECRET}.md"
    path.write_text(f"# {SECRET}\n\nIt opens at nine.")
    assert [*draw_pages(read_document(path))]
    assert [one for one in spell(SECRET) if one in recorded.dump()] == []


def test_the_proxy_tells_nothing_of_a_request(recorded: Recorded) -> None:
    """Its key, query, model's name, session, words; nor the upstream's key; nor what the page's interface is asked."""
    body = {"model": SECRET, "messages": [{"role": "user", "content": SECRET}]}
    headers = {"Authorization": f"Bearer {KEY}", "X-Glyph-Session": SECRET, "User-Agent": SECRET}
    with FakeVLMServer() as server:
        upstream = server.base_url.replace("http://", f"http://ada:{KEY}@")
        with run_proxy(upstream) as address:
            httpx2.post(f"{address}/v1/chat/completions?key={KEY}", json=body, headers=headers)
            httpx2.get(f"{address}/v1/models/{SECRET}?key={KEY}", headers=headers)
            httpx2.get(f"{address}/glyph/api/sessions/{SECRET}?query={SECRET}", headers=headers)
    told = recorded.dump()
    assert "POST /v1/chat/completions" in told
    assert [one for secret in (SECRET, KEY) for one in spell(secret) if one in told] == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("zai-org/Glyph", "zai-org/Glyph"),
        ("qwen3-vl:8b", "qwen3-vl:8b"),
        ("/home/ada/secret/glyph", "glyph"),
        ("./models/glyph/", "glyph"),
        (r"C:\Users\ada\glyph", "glyph"),
        ("http://ada:key@host/v1", "other"),
        ("What is the key?", "other"),
        ("data:image/png;base64,iVBOR", "other"),
        ("x" * 81, "other"),
        ("/" * 5_000, "other"),
        ("", "other"),
        ("gl\u0443ph", "other"),
        ("two\nlines", "other"),
    ],
)
def test_a_models_name_is_a_name_or_it_is_not_told(name: str, shown: str) -> None:
    """A folder is told without where it lies."""
    assert shorten_model(name) == shown


def test_no_attribute_takes_what_is_not_of_its_kind() -> None:
    """For every keyword that there is: text where a number, a flag or a word belongs is left out, or is "other"."""
    given = f"{SECRET} and more"
    for keyword, field in FIELDS.items():
        spelled = spell_attributes({keyword: given})
        assert SECRET not in str(spelled), keyword
        assert {*spelled.values()} <= {field.other, (field.other,)}, keyword
        assert (field.kind in {"number", "flag"}) == (spelled == {})
    assert spell_attributes({"unknown": 1, "pages": None, "turns": True, "is_stream": 1}) == {}


def test_measurements_tell_a_bounded_number_of_models_apart(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first 32 have names; an SDK keeps a sum for each for as long as the process lives."""
    monkeypatch.setattr("glyph_memory.telemetry.values._named", {})  # other tests have names left
    for number in range(100):
        measure(
            "chat.tokens",
            1,
            operation="chat",
            provider="openai",
            model=f"bounded-{number}",
            token_type="input",  # noqa: S106 - no password
        )
        count("pages.drawn", 1, use=f"use {number}")
    read = recorded.read_metrics()
    assert len(read["gen_ai.client.token.usage"]) <= 33
    assert read["glyph_memory.pages.drawn"] == {("other",): 100}
    assert spell_labels({"model": "one-too-many"}) == {"gen_ai.request.model": "other"}


def test_an_sdks_failure_is_logged_without_what_it_says(
    recorded: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    """What it says may quote an attribute."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(SECRET)

    recorded.tracer_provider.add_span_processor(
        type("Broken", (), {"on_start": fail, "on_end": fail, "_on_ending": fail})()
    )
    with caplog.at_level(logging.WARNING), open_span("focus"):
        pass
    assert [record.getMessage() for record in caplog.records if "RuntimeError" in record.getMessage()]
    assert SECRET not in caplog.text
