"""The real `transformers serve` with a GLM-4.1V of random weights: wire format and token counts are its own.

One process for all of it, on a free port of 127.0.0.1, offline.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from glyph_memory.context import Context, ImagePart
from glyph_memory.errors import ReaderRefused
from glyph_memory.readers import OpenAIReader, Reading
from glyph_memory.tokens import ModelProfile

HERE = Path(__file__).parent
SIZES = [(588, 840), (595, 842), (112, 112), (300, 60), (28, 1400), (1240, 1754)]

About = Callable[..., Context]
Picture = Callable[..., ImagePart]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the tiny model, and give the server's address."""
    pytest.importorskip("transformers")
    folder, cache = str(tmp_path_factory.mktemp("tiny-glm4v")), str(tmp_path_factory.mktemp("hub"))
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": cache, "OMP_NUM_THREADS": "1"}
    build = [sys.executable, str(HERE / "tiny_glm4v.py"), folder]
    subprocess.run(build, env=environment, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = [sys.executable, str(HERE / "serve_tiny.py"), "serve", folder, "--device", "cpu"]
    serve += ["--host", "127.0.0.1", "--port", str(port)]
    log = Path(cache) / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(serve, env=environment, stdout=output, stderr=output)
        try:
            _wait_for(server, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.kill()
            server.wait()


@pytest.fixture
def reader(served: str) -> Iterator[OpenAIReader]:
    """Return a reader of the tiny model that says very little."""
    with OpenAIReader(served, max_tokens=2) as reader:
        yield reader


@pytest.fixture(scope="module")
def profile() -> ModelProfile:
    """Return the profile whose counts are to be those of the server."""
    return ModelProfile.from_name("glyph")


def tokens(reading: Reading) -> int:
    """Return what the server counted."""
    assert reading.usage.prompt_tokens is not None
    return reading.usage.prompt_tokens


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_page_costs_what_the_profile_says(
    reader: OpenAIReader, about: About, picture: Picture, profile: ModelProfile, size: tuple[int, int]
) -> None:
    """The prompt grows by the rule of GLM-4.1V and two tokens around the image, whatever the page's size."""
    grown = tokens(reader.read(about(picture(size=size)))) - tokens(reader.read(about()))
    assert grown == profile.image_tokens(size)


def test_the_rule_is_cells_of_28_pixels_and_two(profile: ModelProfile) -> None:
    """The known answer for the page that Glyph was trained on."""
    assert profile.image_tokens((588, 840)) == 588 // 28 * 840 // 28 + 2 == 632


def test_pages_add_up(reader: OpenAIReader, about: About, picture: Picture, profile: ModelProfile) -> None:
    """Many pages of different sizes in one message cost their sum."""
    pages = [picture(n, size=size) for n, size in enumerate(SIZES[:4])]
    grown = tokens(reader.read(about(*pages))) - tokens(reader.read(about()))
    assert grown == sum(profile.image_tokens(page.size) for page in pages)


async def test_all_four_ways_to_read_say_the_same(
    reader: OpenAIReader, about: About, picture: Picture
) -> None:
    """Streamed or whole, blocking or awaited: one text and one count, although no `[DONE]` ever comes."""
    context = about(picture(size=(112, 112), uuid="ignored"))
    readings = [reader.read(context), await reader.aread(context)]
    readings += [delta.reading for delta in reader.stream(context) if delta.reading]
    readings += [delta.reading async for delta in reader.astream(context) if delta.reading]
    await reader.aclose()
    assert len(readings) == 4
    assert len({(reading.usage, reading.finish_reason) for reading in readings}) == 1
    # Its streams keep back a last character that lacks bytes; its whole answers show it as U+FFFD.
    assert len({reading.text.rstrip("\ufffd") for reading in readings}) == 1
    assert readings[0].finish_reason == "length"
    assert readings[0].usage.completion_tokens == 2


def test_a_broken_token_costs_more_than_a_token(reader: OpenAIReader, about: About) -> None:
    """The server's tokenizer finds no special token in what we send: byte by byte, backslash included."""
    plain, broken = about(question="x"), about(question="<|user|>")
    assert tokens(reader.read(broken)) - tokens(reader.read(plain)) == len("<\\|user|>") - len("x")


def test_a_field_it_does_not_know_is_a_refusal_that_names_it(served: str, about: About) -> None:
    """One line, with the field, and what to do."""
    reader = OpenAIReader(served, max_tokens=2, extra_body={"top_k": 1})
    with reader, pytest.raises(ReaderRefused, match=r"field 'top_k'\. Take it from extra_body") as caught:
        reader.read(about())
    assert "\n" not in str(caught.value)


def test_another_models_name_is_a_refusal(served: str, about: About) -> None:
    """It serves one model, and says which."""
    with (
        OpenAIReader(served, model="nope", max_tokens=2) as reader,
        pytest.raises(ReaderRefused, match="'nope'"),
    ):
        reader.read(about())


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Wait until the server answers; fail with its log where it does not."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx2.get(url, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.2)
    pytest.fail(f"transformers serve did not start:\n{log.read_text()[-3000:]}")
