"""`glyph-memory serve` reads what was typed, and starts the proxy; the proxy's own tests are in `tests/serve`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from glyph_memory.cli.commands import serve as command
from glyph_memory.serve.options import ServeOptions
from glyph_memory.testing import FakeVLMServer

if TYPE_CHECKING:
    from tests.cli.conftest import Run

URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[ServeOptions]:
    """Return the options with which servers would have been started."""
    from glyph_memory.serve.edge import run

    options: list[ServeOptions] = []

    def start(told: ServeOptions, **_: Any) -> None:
        options.append(told)

    monkeypatch.setattr(run, "run_server", start)
    return options


def write_secret(path: Path, text: str) -> Path:
    """Write a file that is its owner's alone."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_what_is_typed_is_what_it_is_told(run: Run, started: list[ServeOptions], tmp_path: Path) -> None:
    """Each option, by another value than its own."""
    keys = write_secret(tmp_path / "keys", "ada:" + "k" * 16)
    typed = [
        *(
            "--upstream",
            f"a={URL}",
            "--upstream",
            "http://gpu:1/v1/",
            "--memory",
            "x.db",
            "--profile",
            "qwen3-vl",
        ),
        *("--window", "65536", "--style", "dark", "--recall", "--host", "::1", "--port", "9", "--no-web"),
        *("--key-file", keys, "--allow-host", "h", "--allow-origin", "https://a.example", "--workers", "2"),
        *("--max-requests", "7", "--max-body", "1", "--max-image-px", "5", "--connect-timeout", "1"),
        *("--answer-timeout", "2", "--grace", "3", "--log-bodies"),
        *("--off", "billing-line", "--off", "moving-system", "--on", "cache-marks"),
    ]
    assert run("serve", *typed).code == 0
    (told,) = started
    assert [(one.name, one.url, one.api_key) for one in told.upstreams] == [
        ("a", URL, None),
        ("", "http://gpu:1/v1", None),
    ]
    assert told.pages == {"profile": "qwen3-vl", "window_tokens": 65_536, "style": "dark"}
    assert told.switched_off == {"billing-line", "moving-system"}
    assert told.switched_on == {"cache-marks"}
    assert (told.memory, told.recall, told.host, told.port, told.web) == ("x.db", True, "::1", 9, False)
    assert (told.key_file, told.allow_hosts, told.allow_origins) == (keys, ("h",), ("https://a.example",))
    assert (told.workers, told.max_requests, told.max_body_bytes, told.max_image_px) == (2, 7, 1 << 20, 5)
    assert (told.connect_timeout_s, told.answer_timeout_s, told.grace_s, told.log_bodies) == (
        1.0,
        2.0,
        3.0,
        True,
    )


def test_what_is_not_typed_is_as_options_have_it(run: Run, started: list[ServeOptions]) -> None:
    """The command has no defaults of its own."""
    assert run("serve", "--upstream", URL).code == 0
    assert started == [ServeOptions(upstreams=started[0].upstreams)]


def test_the_page_alone_needs_no_upstream(run: Run, started: list[ServeOptions]) -> None:
    """There the nano reader answers. Where there is no page, nothing is left to serve."""
    assert run("serve").code == 0
    assert started == [ServeOptions(upstreams=())]
    assert "no upstream is given" in run("serve", "--no-web").error


def test_an_upstreams_key_comes_from_the_environment_or_a_file(
    run: Run, started: list[ServeOptions], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each goes to its own server alone."""
    monkeypatch.setenv("GLYPH_MEMORY_API_KEY", "from-environment")
    run("serve", "--upstream", URL)
    alone = write_secret(tmp_path / "alone", "from:file\n")
    run("serve", "--upstream", URL, "--upstream-key-file", alone)
    both = write_secret(tmp_path / "both", "b: key-b\n")
    run("serve", "--upstream", f"a={URL}", "--upstream", f"b={URL}", "--upstream-key-file", both)
    assert [[one.api_key for one in told.upstreams] for told in started] == [
        ["from-environment"],
        ["from:file"],
        [None, "key-b"],
    ]
    assert "from-environment" not in repr(started[0])


def test_a_key_that_is_not_clearly_ones_is_refused(
    run: Run, started: list[ServeOptions], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is sent to a server that it is not for, and none is shown."""
    two = ("--upstream", f"a={URL}", "--upstream", f"b={URL}")
    lines = write_secret(tmp_path / "lines", "secret-one\nsecret-two\n")
    stranger = write_secret(tmp_path / "stranger", "c:secret-key\n")
    said = [
        run("serve", "--upstream", URL, "--upstream-key-file", lines).error,
        run("serve", *two, "--upstream-key-file", stranger).error,
    ]
    lines.chmod(0o644)
    said.append(run("serve", "--upstream", URL, "--upstream-key-file", lines).error)
    monkeypatch.setenv("GLYPH_MEMORY_API_KEY", "secret-environment")
    said.append(run("serve", *two).error)
    for sentence, expected in zip(
        said, ["give the key alone", "names that no upstream", "chmod 600", "NAME:KEY"], strict=True
    ):
        assert expected in sentence
        assert "secret" not in sentence
    assert started == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--host", "0.0.0.0"), "give a file of keys (--key-file)"),  # noqa: S104 - it is refused
        (("--upstream", "ftp://x"), "no http(s) address"),
        (("--upstream", f"a={URL}", "--upstream", f"a={URL}"), "two upstreams have one name"),
        (("--profile", "nope"), "no model profile 'nope'"),
        (("--style", "nope"), "no page style named 'nope'"),
        (("--window", "5"), "window"),
        (("--off", "nope"), "--off 'nope': no rule has that name"),
        (("--on", "nope"), "--on 'nope': no rule has that name"),
        (("--port", "70000"), "port=70000"),
        (("--allow-origin", "*"), "is no site"),
    ],
)
def test_what_cannot_be_is_one_line(
    run: Run, started: list[ServeOptions], typed: tuple[str, ...], said: str
) -> None:
    """Before anything starts."""
    assert said in run("serve", "--upstream", URL, *typed).error
    assert started == []


def test_a_key_file_that_others_may_read_is_one_line(run: Run, tmp_path: Path) -> None:
    """The server does not start with it."""
    keys = write_secret(tmp_path / "keys", "ada:" + "k" * 16)
    keys.chmod(0o644)
    typed = ("--memory", tmp_path / "m.db", "--key-file", keys, "--port", "0")
    assert "chmod 600 it" in run("serve", "--upstream", URL, *typed).error


def test_without_the_extra_there_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With how to install it; a module of our own that is missing is a bug and says so."""

    def find(name: str) -> Any:
        raise ModuleNotFoundError(name="uvicorn.config")

    monkeypatch.setattr(command, "import_module", find)
    assert run("serve", "--upstream", URL).error == (
        "serve needs uvicorn, which is not installed; pip install 'glyph-memory[serve]'"
    )


def test_the_command_serves(tmp_path: Path) -> None:
    """A request goes through to the model's server, and Ctrl-C ends all with status 0."""
    with FakeVLMServer(answer=lambda _: "Hello.") as upstream:
        typed = ["--upstream", upstream.base_url, "--memory", str(tmp_path / "m.db"), "--port", "0"]
        environment = {**os.environ, "GLYPH_MEMORY_API_KEY": ""}
        process = subprocess.Popen(
            [sys.executable, "-m", "glyph_memory", "serve", *typed],
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert process.stderr is not None
        lines = iter(process.stderr)
        found = re.search(r"http\S+", next(lines))
        assert found is not None
        assert "glyph, pages for glyph, window 131,072" in next(lines)
        body = {"model": "glyph", "messages": [{"role": "user", "content": "Hi."}]}
        answer = httpx2.post(f"{found[0]}/v1/chat/completions", json=body, timeout=60)
        assert answer.json()["choices"][0]["message"]["content"] == "Hello."
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in log
    assert '"dialect":"chat"' in log
