"""The conversation that a real server is asked to hold is held with the fake one, so that `make test` runs it, too."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

import real_server
import server_env
from glyph_memory.tokens import ModelProfile


def test_the_conversation_adds_up_what_the_server_counted() -> None:
    """Prompts, cached tokens and pictures of all requests; smaller blocks are found more often."""
    profile, shares = ModelProfile.from_name("glyph"), []
    for block_tokens in (16, 128):
        with real_server.open_fake(profile, block_tokens=block_tokens) as server:
            told = real_server.hold_conversation(server.base_url, profile, questions=8)
        assert told["prompt_tokens"] == sum(request.prompt_tokens for request in server.requests)
        assert told["cached_tokens"] == sum(request.cached_tokens for request in server.requests)
        assert told["image_tokens"] == sum(request.image_tokens for request in server.requests)
        shares.append(told["share"])
    assert 1 > shares[0] > shares[1] > 0


def test_without_the_servers_nothing_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what is committed stays."""
    monkeypatch.setattr(real_server, "ENVIRONMENT", tmp_path)
    real_server.main([])
    assert "python tools/server_env.py" in capsys.readouterr().out


def test_what_takes_too_long_to_install_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the whole process group; the line says what it was, or what was printed."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        '#!/bin/sh\nif [ "$1" = slow ]; then sleep 600; fi\necho "ERROR: no wheel" >&2\nexit 1\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(server_env, "ENVIRONMENT", tmp_path)
    with pytest.raises(server_env.NotBuilt, match="pip install x was not done in time"):
        server_env.run(["slow"], within_s=0.2, what="pip install x")
    with pytest.raises(server_env.NotBuilt, match="pip install x failed: ERROR: no wheel"):
        server_env.run(["fast"], within_s=60, what="pip install x")


def test_a_machine_without_wheels_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The exit status is none of a failed test."""
    monkeypatch.setattr(server_env, "ENVIRONMENT", tmp_path / "none")
    monkeypatch.setattr(server_env, "_STAMP", tmp_path / "none" / "built")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert server_env.main([]) == server_env.NOT_BUILT == 75
    assert "the wheels are for Linux on x86_64" in capsys.readouterr().out
