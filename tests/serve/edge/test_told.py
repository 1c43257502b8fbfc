"""What is told of requests: the access log, the metrics, the health check; and errors in each API's own format."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from glyph_memory.errors import StoreBusy
from glyph_memory.serve import ServeOptions
from glyph_memory.serve.edge.access_log import AccessLog, spell_line
from glyph_memory.serve.edge.errors import spell_error
from glyph_memory.serve.edge.health import Health
from glyph_memory.serve.edge.metrics import FOLDER_VARIABLE, Metrics
from glyph_memory.serve.edge.wiring import make_edge
from glyph_memory.serve.record import RequestRecord
from tests.serve.edge.conftest import ADA, UPSTREAM

FOLDED = RequestRecord(
    time_s=1.5,
    path="/v1/messages",
    status=200,
    caller="ada",
    session="s1",
    dialect="messages",
    model="glyph",
    pages=2,
    plain_tokens=900,
    sent_tokens=300,
    prompt_tokens=310,
    cached_tokens=31,
    answer_tokens=7,
    own_s=0.004,
    first_byte_s=0.3,
    total_s=0.5,
    recalls=1,
    notes=("one loss",),
)
_STATUSES = (400, 401, 403, 404, 413, 429, 499, 502, 503, 504, 529)


@pytest.mark.parametrize("status", _STATUSES)
def test_each_api_names_errors_its_own_way(status: int) -> None:
    """One line each; an unknown status has a type, too."""
    ours = json.loads(spell_error("/v1/messages/count_tokens", status, "What.\nWhich.\tNext."))
    theirs = json.loads(spell_error("/v1/responses", status, "What.\nWhich.\tNext."))
    assert ours["type"] == "error"
    assert set(ours["error"]) == {"type", "message"}
    assert set(theirs["error"]) == {"message", "type", "param", "code"}
    assert ours["error"]["message"] == theirs["error"]["message"] == "What. Which. Next."


def test_types_are_the_apis_own() -> None:
    """As Anthropic's and OpenAI's references list them."""
    named = {
        status: json.loads(spell_error("/v1/messages", status, ""))["error"]["type"] for status in _STATUSES
    }
    assert named == {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        499: "api_error",
        502: "api_error",
        503: "overloaded_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
    assert json.loads(spell_error("/v1/chat/completions", 401, ""))["error"]["code"] == "invalid_api_key"
    assert (
        json.loads(spell_error("/v1/threads/x/messages", 418, ""))["error"]["type"] == "invalid_request_error"
    )
    assert json.loads(spell_error("/v1/x", 599, "", kind="own"))["error"]["type"] == "own"


def test_a_log_line_is_json() -> None:
    """With all that is known, and nothing that is not."""
    stream = io.StringIO()
    log = AccessLog(stream)
    log.add(FOLDED)
    log.add(RequestRecord(time_s=0.0, path="/v1/a\nb\x1b[2J", status=404))
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first["time"] == "1970-01-01T00:00:01.500+00:00"
    assert (first["session"], first["cached_tokens"], first["notes"]) == ("s1", 31, ["one loss"])
    assert set(second) == {"time", "path", "status", "total_s"}


def test_a_log_line_for_people_controls_no_terminal() -> None:
    """Paths are what a client likes."""
    line = spell_line(RequestRecord(time_s=0.0, path="/v1/\x1b[2J\x9b\n\u202ex", status=404))
    assert line.isprintable()
    assert "ada/s1  2 pages  900 → 300 tokens  10% cached  0.50 s  one loss" in spell_line(FOLDED)


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """A closed stream, a full disk."""
    stream = io.StringIO()
    log = AccessLog(stream, is_json=True)
    stream.close()
    log.add(FOLDED)


def read_metrics(client: TestClient) -> dict[str, float]:
    """Return all samples, by name."""
    found = text_string_to_metric_families(client.get("/metrics").text)
    return {sample.name: sample.value for family in found for sample in family.samples}


def test_metrics_are_sums() -> None:
    """Each registry is its own: two servers in one process do not add up."""
    metrics, other = Metrics(lambda: 3), Metrics()
    metrics.add(FOLDED)
    metrics.add(RequestRecord(time_s=0.0, path="/v1/models", status=200))
    read = read_metrics(TestClient(Starlette(routes=[Route("/metrics", metrics)])))
    expected = {
        "glyph_plain_tokens_total": 900,
        "glyph_sent_tokens_total": 300,
        "glyph_prompt_tokens_total": 310,
        "glyph_cached_tokens_total": 31,
        "glyph_answer_tokens_total": 7,
        "glyph_pages_total": 2,
        "glyph_recalls_total": 1,
        "glyph_notes_total": 1,
        "glyph_own_seconds_count": 1,
        "glyph_first_byte_seconds_count": 1,
        "glyph_open_requests": 3,
    }
    assert {name: read[name] for name in expected} == expected
    empty = read_metrics(TestClient(Starlette(routes=[Route("/metrics", other)])))
    assert empty["glyph_sent_tokens_total"] == 0


def test_names_are_no_labels() -> None:
    """There is no end to them, nor may one caller read another's."""
    metrics = Metrics()
    metrics.add(FOLDED)
    text = TestClient(Starlette(routes=[Route("/metrics", metrics)])).get("/metrics").text
    assert 'glyph_requests_total{dialect="messages",status="200"} 1.0' in text
    assert not [name for name in ("ada", "s1", '"glyph"') if name in text]


def test_workers_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process wrote into the folder is shown."""
    import subprocess
    import sys

    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    program = (
        "from glyph_memory.serve.edge.metrics import Metrics; from tests.serve.edge.test_told import FOLDED; "
    )
    for _ in range(2):
        command = [sys.executable, "-c", program + "Metrics().add(FOLDED)"]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    read = read_metrics(TestClient(Starlette(routes=[Route("/metrics", Metrics())])))
    assert (read["glyph_sent_tokens_total"], read["glyph_own_seconds_count"]) == (600, 2)


def make_broken() -> None:
    """Raise as a store does that another process holds."""
    raise StoreBusy("the database '/home/ada/m.db' is locked")


@pytest.mark.parametrize(("check", "status", "store"), [(dict, 200, "ok"), (make_broken, 503, "StoreBusy")])
def test_health_is_the_stores(check: Callable[[], object], status: int, store: str) -> None:
    """An upstream's last word is told and is not the server's own health; no path is told, since it needs no key."""
    health = Health(check, lambda: {"upstream 1": "ReaderUnavailable"})
    answer = TestClient(Starlette(routes=[Route("/healthz", health)])).get("/healthz")
    assert (answer.status_code, answer.json()["store"]) == (status, store)
    assert answer.json()["upstreams"] == {"upstream 1": "ReaderUnavailable"}
    assert "ada" not in answer.text


def test_an_allowed_site_can_read_answers_and_refusals(key_file: Path) -> None:
    """Its preflight carries no key."""
    options = ServeOptions(upstreams=(UPSTREAM,), key_file=key_file, allow_origins=("https://chat.example/",))
    edge = make_edge(options, check_store=dict, list_upstreams=dict)
    app = Starlette(routes=edge.routes, middleware=edge.middleware)
    client = TestClient(app, base_url="http://127.0.0.1:8400")
    site = {"Origin": "https://chat.example"}
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    assert client.options("/v1/messages", headers=site | asked).status_code == 200
    refused = client.post("/v1/messages", headers=site)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (
        401,
        "https://chat.example",
    )
    read = client.get("/metrics", headers=site | {"Authorization": f"Bearer {ADA}"})
    assert read.headers["access-control-allow-origin"] == "https://chat.example"
    assert (
        "access-control-allow-origin"
        not in client.get("/metrics", headers={"Origin": "https://evil.example"}).headers
    )
