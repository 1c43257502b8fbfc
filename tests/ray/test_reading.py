"""A cluster asks about each document once; what is killed on the way asks again only what was under way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from glyph_memory_ray import ask_documents, ask_with_engine

from glyph_memory.errors import GlyphMemoryError
from glyph_memory.testing import FakeRequest, FakeVLMServer
from glyph_memory.windows import AskReport
from tests.documents.shards.helpers import make_texts
from tests.ray.conftest import PATHS, list_workers
from tests.windows.bulk.helpers import QUESTION, ask, draw, read_answers, say_pages

pytestmark = [
    pytest.mark.usefixtures("cluster"),
    pytest.mark.filterwarnings(
        "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
    ),
]
DOCUMENTS = 16


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages of some documents, one of which is broken."""
    folder = tmp_path_factory.mktemp("reading")
    texts = make_texts(folder / "texts", documents=DOCUMENTS, sentences=5)
    (texts / "bad.docx").write_bytes(b"PK\x03\x04 no archive")
    return draw(texts, folder / "pages", documents_per_shard=8)


@pytest.fixture
def server() -> Iterator[FakeVLMServer]:
    """Start a server that takes a moment for each answer."""

    def answer(request: FakeRequest) -> str:
        time.sleep(0.1)
        return say_pages(request)

    with FakeVLMServer(answer=answer) as server:
        yield server


def count_repeats(server: FakeVLMServer) -> int:
    """Return how many requests were made more than once."""
    asked = Counter(tuple(image.digest for image in request.images) for request in server.requests)
    return sum(asked.values()) - len(asked)


def test_killed_workers_ask_again_what_was_under_way(
    drawn: Path, server: FakeVLMServer, tmp_path: Path
) -> None:
    """Two at a time are: no kill costs more. All answers are there, each once."""
    killed, is_over = list[int](), threading.Event()

    def kill() -> None:
        while not is_over.wait(0.05):
            if len(killed) < 2 and len(server.requests) >= 4 * (len(killed) + 1):
                for worker in list_workers()[:1]:
                    killed.append(worker)
                    os.kill(worker, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        report = ask_documents(
            drawn, QUESTION, url=server.base_url, out=tmp_path, max_concurrent=2, documents_per_shard=8
        )
    finally:
        is_over.set()
        killer.join()
    assert len(killed) == 2
    assert (report.answered, len(report.failures)) == (DOCUMENTS, 1)
    assert count_repeats(server) <= 2 * len(killed)
    rows = read_answers(tmp_path)
    assert len({row["document"] for row in rows}) == len(rows) == DOCUMENTS


_DRIVER = """
import sys, ray
from glyph_memory_ray import ask_documents

ray.init(address=sys.argv[1], logging_level="ERROR", log_to_driver=False)
ask_documents(sys.argv[2], sys.argv[3], url=sys.argv[4], out=sys.argv[5], max_concurrent=1, documents_per_shard=4)
"""


def test_a_killed_driver_goes_on(cluster: str, drawn: Path, server: FakeVLMServer, tmp_path: Path) -> None:
    """What was answered is not asked again; and the run tells how far it is."""
    command = [sys.executable, "-c", _DRIVER, cluster, str(drawn), QUESTION, server.base_url, str(tmp_path)]
    driver = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": PATHS}, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(server.requests) < 7:
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    driver.kill()
    driver.communicate()
    while list_workers():  # Ray ends those of a driver that is gone
        assert time.monotonic() < deadline
        time.sleep(0.05)
    seen = list[AskReport]()
    report = ask_documents(
        drawn, QUESTION, url=server.base_url, out=tmp_path, documents_per_shard=4, progress=seen.append
    )
    assert report.answered + report.unchanged == DOCUMENTS
    assert report.unchanged >= 4
    assert count_repeats(server) <= 1
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1].done == report.total == DOCUMENTS + 1


def test_an_http_processor_of_rays_asks_the_same(drawn: Path, server: FakeVLMServer, tmp_path: Path) -> None:
    """Its requests are those of a reader, to the words and pages; answers are kept under the same keys."""
    llm = pytest.importorskip("ray.data.llm")
    config = llm.HttpRequestProcessorConfig(url=f"{server.base_url}/chat/completions", batch_size=4, qps=1000)
    report = ask_with_engine(drawn, QUESTION, config=config, out=tmp_path, model="glyph")
    assert (report.answered, report.requests, len(report.failures)) == (DOCUMENTS, DOCUMENTS, 1)
    engine = {say_pages(request): request for request in server.requests}
    server.requests.clear()
    again = ask(drawn, QUESTION, url=server.base_url, out=tmp_path, model="glyph")
    assert (again.unchanged, server.requests) == (DOCUMENTS, [])
    ask(drawn, QUESTION, url=server.base_url, out=tmp_path / "other", model="glyph")
    reader = {say_pages(request): request for request in server.requests}
    assert {key: (one.texts, one.images) for key, one in engine.items()} == {
        key: (one.texts, one.images) for key, one in reader.items()
    }
    rows, others = read_answers(tmp_path), read_answers(tmp_path / "other")
    assert [row["key"] for row in rows] == [row["key"] for row in others]
    assert [row["answer"] for row in rows] == [row["answer"] for row in others]


def run_command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `glyph-memory ask-pages` as a user does."""
    command = [sys.executable, "-m", "glyph_memory", "ask-pages", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": PATHS}
    )


def test_the_command_asks_on_a_cluster(
    cluster: str, drawn: Path, server: FakeVLMServer, tmp_path: Path
) -> None:
    """It says what came of it, and lists what failed; Ray's own lines are not shown."""
    options = ["--server", server.base_url, "--ray", cluster, "--out", tmp_path]
    ran = run_command(drawn, "Wie lange trocknet die Bohle?", *options, "--json")
    assert ran.returncode == 1
    told = json.loads(ran.stdout)
    assert (told["answered"], told["requests"], len(told["failures"])) == (DOCUMENTS, DOCUMENTS, 1)
    assert "1 of 17 got no answer" in ran.stderr
    assert {row["question"] for row in read_answers(tmp_path)} == {"Wie lange trocknet die Bohle?"}


def test_what_cannot_be_is_one_line(drawn: Path, tmp_path: Path) -> None:
    """No server, a number that is none, a config of another kind."""
    with pytest.raises(GlyphMemoryError, match="workers=0 ask nothing"):
        ask_documents(drawn, QUESTION, url="http://127.0.0.1:9/v1", workers=0)
    with pytest.raises(GlyphMemoryError, match="no server is named"):
        ask_documents(drawn, QUESTION, url=[])
    with pytest.raises(GlyphMemoryError, match="config is of type dict"):
        ask_with_engine(drawn, QUESTION, config={})
