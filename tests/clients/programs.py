"""The five programs: how each is started against a server, and what it keeps of a conversation.

Each run has a folder with a HOME and a working folder of its own, and no environment but what is given here. Knows
programs and their files; knows nothing about the proxy.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.results import ROOT

_LONGEST_S = 240.0
FIRST, SECOND = "Do what is to be done.", "And after that?"
"""What every program is asked first, and when it is started again in the same conversation; aider has a script."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A folder in which a program runs."""

    folder: Path
    """It holds `home` and `work`."""
    url: str
    """The server's address, `/v1` left out."""
    root: Path = ROOT
    """Where the programs are."""

    @property
    def home(self) -> Path:
        """Its HOME."""
        return self.folder / "home"

    @property
    def work(self) -> Path:
        """The folder that it works in."""
        return self.folder / "work"

    def prepare(self) -> None:
        """Make the folders, with two files to look at."""
        self.home.mkdir(parents=True)
        self.work.mkdir()
        (self.work / "notes.txt").write_text("The key is 4711.\n", encoding="utf-8")
        (self.work / "a.py").write_text("VALUE = 0\n", encoding="utf-8")

    def start(
        self, command: Sequence[str | Path], environment: Mapping[str, str], *, typed: str | None = None
    ) -> str:
        """Run a program to its end and return what it prints.

        Raises:
            AssertionError: It ended with an error.
        """
        told = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "TERM": "dumb"}
        told |= {"GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"), "TZ": "UTC"}
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.work, env=told | dict(environment), input=typed or "", check=False,
            capture_output=True, text=True, timeout=_LONGEST_S,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout[-1500:], done.stderr[-1500:])
        return done.stdout

    def find_agent(self, name: str) -> Path:
        """Return the path of a program of the npm registry."""
        return self.root / ".clients" / "node_modules" / ".bin" / name

    def find_program(self, name: str) -> Path:
        """Return the path of a program of PyPI."""
        return self.root / ".venv-clients" / name / "bin" / name


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A client, as the tests know it."""

    name: str
    """What it is called."""
    ask: Callable[[Run], str]
    """Run it with its script, and return what it prints."""
    read_state: Callable[[Run], object]
    """Return what it keeps of the conversation, without times and ids."""


def ask_qwen(run: Run) -> str:
    """Ask Qwen Code."""
    told = {"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": f"{run.url}/v1", "OPENAI_MODEL": "glyph"}
    command: list[str | Path] = [run.find_agent("qwen"), "--auth-type", "openai", "--yolo"]
    return run.start([*command, "-p", FIRST], told) + run.start([*command, "-c", "-p", SECOND], told)


def read_qwen(run: Run) -> object:
    """Return the messages of its session."""
    kept = _read_lines(run.home, ".qwen/projects/*/chats/*.jsonl")
    return [line["message"] for line in kept if line["type"] in {"user", "assistant", "tool_result"}]


def ask_codex(run: Run) -> str:
    """Ask Codex."""
    config = run.home / ".codex" / "config.toml"
    config.parent.mkdir(exist_ok=True)
    config.write_text(
        'model = "glyph"\nmodel_provider = "local"\n[model_providers.local]\nname = "local"\n'
        f'base_url = "{run.url}/v1"\nwire_api = "responses"\n',
        encoding="utf-8",
    )
    options = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
    command: list[str | Path] = [run.find_agent("codex"), "exec", *options]
    return run.start([*command, FIRST], {}) + run.start([*command, "resume", "--last", SECOND], {})


_VOLATILE = re.compile(r"Chunk ID: \w+|Wall time: [\d.]+ seconds|Process Group PGID: \d+")


def read_codex(run: Run) -> object:
    """Return the items of its session; ids of chunks and times are another each time."""
    kept = _read_lines(run.home, ".codex/sessions/*/*/*/*.jsonl")
    items = [line["payload"] for line in kept if line["type"] == "response_item"]
    return [
        {
            name: _VOLATILE.sub("", value) if isinstance(value, str) else value
            for name, value in item.items()
            if name not in {"id", "internal_chat_message_metadata_passthrough"}
        }
        for item in items
    ]


def ask_claude(run: Run) -> str:
    """Ask Claude Code."""
    told = {
        "ANTHROPIC_BASE_URL": run.url,
        "ANTHROPIC_API_KEY": "x",
        "ANTHROPIC_MODEL": "glyph",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_AUTOUPDATER": "1",
        "IS_SANDBOX": "1",
    }
    command: list[str | Path] = [run.find_agent("claude"), "--dangerously-skip-permissions"]
    return run.start([*command, "-p", FIRST], told) + run.start([*command, "-c", "-p", SECOND], told)


def read_claude(run: Run) -> object:
    """Return the messages of its session."""
    kept = _read_lines(run.home, ".claude/projects/*/*.jsonl")
    return [
        (line["message"]["role"], line["message"]["content"])
        for line in kept
        if line["type"] in {"user", "assistant"}
    ]


def ask_llm(run: Run) -> str:
    """Ask `llm`, with a tool."""
    folder = run.home / "llm"
    folder.mkdir()
    (folder / "extra-openai-models.yaml").write_text(
        f"- model_id: glyph\n  model_name: glyph\n  api_base: {run.url}/v1\n  supports_tools: true\n",
        encoding="utf-8",
    )
    tools = folder / "tools.py"
    tools.write_text(
        'def read_note(name: str) -> str:\n    "Read a note."\n'
        '    return f"Note {name}: " + " ".join(f"{name}-{i}" for i in range(300))\n',
        encoding="utf-8",
    )
    told = {"OPENAI_API_KEY": "x", "LLM_USER_PATH": str(folder)}
    command: list[str | Path] = [run.find_program("llm"), "-m", "glyph"]
    command += ["--functions", tools, "--chain-limit", "100"]
    said = run.start([*command, "-s", "Be short.", FIRST], told)
    return said + run.start([*command, "-c", SECOND], told)


def read_llm(run: Run) -> object:
    """Return its log of messages and their parts; a message's name is a digest of all that was said up to it."""
    log = sqlite3.connect(run.home / "llm" / "logs.db")
    try:
        return [
            log.execute("select hash, parent_hash, role from messages order by rowid").fetchall(),
            log.execute(
                "select message_hash, position, type, text, payload from parts order by rowid"
            ).fetchall(),
        ]
    finally:
        log.close()


AIDER_STEPS = 32
"""How often aider is asked for something, in one session."""


def ask_aider(run: Run) -> str:
    """Ask aider, one question a line, in a repository of its own."""
    (run.home / ".gitconfig").write_text("[user]\n\tname = a\n\temail = a@b.example\n", encoding="utf-8")
    for command in (["git", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-qm", "Begin"]):
        run.start(command, {})
    told = {
        "OPENAI_API_BASE": f"{run.url}/v1",
        "OPENAI_API_KEY": "x",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    options = ["--no-pretty", "--no-fancy-input", "--yes-always", "--no-gitignore", "--disable-playwright"]
    options += ["--no-check-update", "--no-analytics", "--no-show-release-notes", "--no-show-model-warnings"]
    options += ["--no-detect-urls", "--no-suggest-shell-commands", "--edit-format", "whole"]
    options += ["--max-chat-history-tokens", "1000000"]
    typed = "".join(f"Step {number}: set the value to {number}.\n" for number in range(AIDER_STEPS))
    return run.start(
        [run.find_program("aider"), "--model", "openai/glyph", *options, "a.py"], told, typed=typed
    )


_AIDERS_OWN = re.compile(r"> (Tokens: .*|Commit \w+|.*/aider --model .*)|# aider chat started at .*")


def read_aider(run: Run) -> object:
    """Return its chat history, without counts, times and commits' names, and the subjects of its commits."""
    history = (run.work / ".aider.chat.history.md").read_text(encoding="utf-8")
    return _AIDERS_OWN.sub("", history), run.start(["git", "log", "--format=%s"], {})


PROGRAMS = (
    Program(name="qwen", ask=ask_qwen, read_state=read_qwen),
    Program(name="codex", ask=ask_codex, read_state=read_codex),
    Program(name="claude", ask=ask_claude, read_state=read_claude),
    Program(name="llm", ask=ask_llm, read_state=read_llm),
    Program(name="aider", ask=ask_aider, read_state=read_aider),
)
"""All of them."""


def read_files(run: Run) -> dict[str, bytes]:
    """Return what lies in a program's working folder, but for what begins with a dot."""
    paths = sorted(path for path in run.work.rglob("*") if path.is_file())
    names = {str(path.relative_to(run.work)): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(".")}


def _read_lines(home: Path, pattern: str) -> Iterator[dict[str, Any]]:
    (found,) = home.glob(pattern)
    for line in found.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
