"""Real clients, which nobody here wrote, work through the proxy as they work without it.

Each is run twice against the same scripted model: directly, with a window that holds everything, and through the proxy,
with a small window. What it keeps must be equal; and it may only notice that fewer tokens were counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path

import pytest

from glyph_memory.serve import ServeOptions, Upstream
from glyph_memory.serve.record import RequestRecord
from glyph_memory.store import Store
from glyph_memory.testing import FakeRequest, FakeVLMServer
from tests.clients.programs import AIDER_STEPS, PROGRAMS, Program, Run, read_files
from tests.clients.scripts import LAST, STEPS, is_own, mark_step, write_script
from tests.serve.running import run_app

WIDE = 400_000
WINDOWS = {"qwen": 40_000, "codex": 24_000, "claude": 48_000, "llm": 24_000, "aider": 12_000}
"""Windows that each conversation outgrows. The agents' tools alone take 8,000 to 20,000 tokens."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a run."""

    said: str
    files: dict[str, bytes]
    state: object
    requests: tuple[FakeRequest, ...]
    records: tuple[RequestRecord, ...] = ()
    stored: str = ""


@pytest.fixture(scope="module", params=PROGRAMS, ids=lambda program: program.name)
def outcomes(
    request: pytest.FixtureRequest, clients_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Program, Outcome, Outcome]:
    """Return what became of a program's run without the proxy, and with it. Both are in a folder of one name."""
    program: Program = request.param
    folder = tmp_path_factory.mktemp(program.name)
    return program, run_direct(program, folder, clients_root), run_through(program, folder, clients_root)


def run_direct(program: Program, folder: Path, root: Path) -> Outcome:
    """Run a program against the model itself; its folder is moved out of the way."""
    work = folder / "run"
    with FakeVLMServer(window_tokens=WIDE, answer=write_script(program.name, work / "work")) as server:
        run = Run(folder=work, url=server.base_url.removesuffix("/v1"), root=root)
        run.prepare()
        said = program.ask(run)
        outcome = Outcome(
            said=said, files=read_files(run), state=program.read_state(run), requests=tuple(server.requests)
        )
    work.rename(folder / "direct")
    return outcome


def run_through(program: Program, folder: Path, root: Path) -> Outcome:
    """Run a program through the proxy."""
    work, memory, records = folder / "run", folder / "memory.db", list[RequestRecord]()
    window = WINDOWS[program.name]
    with FakeVLMServer(window_tokens=window, answer=write_script(program.name, work / "work")) as server:
        options = ServeOptions(upstreams=(Upstream(url=server.base_url),), memory=memory, web=False)
        with run_app(options, listeners=[records.append]) as address:
            run = Run(folder=work, url=address, root=root)
            run.prepare()
            said = program.ask(run)
        return Outcome(
            said=said,
            files=read_files(run),
            state=program.read_state(run),
            requests=tuple(server.requests),
            records=tuple(record for record in records if record.dialect),
            stored=_read_store(memory),
        )


def _read_store(memory: Path) -> str:
    """Return every turn that is stored, as one text."""
    with Store.open(memory) as store:
        sessions = [store.session(info.name) for info in store.sessions()]
        turns = [turn for session in sessions for turn in session.turns(images=False)]
    return "\n".join(f"{turn.text} {[call.arguments for call in turn.tool_calls]}" for turn in turns)


def test_the_client_notices_nothing(outcomes: tuple[Program, Outcome, Outcome]) -> None:
    """What it prints, the files that it wrote, and what it keeps of the conversation are those of a run without it."""
    program, direct, through = outcomes
    if program.name != "aider":  # it prints counts of tokens
        assert through.said == direct.said
        assert program.name == "llm" or LAST in direct.said
    assert through.files == direct.files
    assert through.state == direct.state
    assert len(through.requests) == len(direct.requests) >= STEPS


def test_pages_were_made(outcomes: tuple[Program, Outcome, Outcome]) -> None:
    """The window is small enough for it, and every prompt fits."""
    program, _, through = outcomes
    assert through.records[-1].pages
    assert any(request.images for request in through.requests)
    assert all(request.prompt_tokens < WINDOWS[program.name] for request in through.requests)


def test_nothing_said_is_lost(outcomes: tuple[Program, Outcome, Outcome]) -> None:
    """Each step's mark, which only the client's own tool or answer holds, is stored or in the last prompt."""
    program, _, through = outcomes
    held = through.stored + "\n".join(through.requests[-1].texts)
    steps = list(range(STEPS))
    if program.name == "aider":  # every third answer is an edit; nothing is asked after the last
        steps = [number for number in range(AIDER_STEPS - 1) if number % 3]
    assert [number for number in steps if mark_step(number) not in held] == []


def test_the_prefix_never_breaks_within_a_generation(outcomes: tuple[Program, Outcome, Outcome]) -> None:
    """Each request begins with the one before, up to its last page; without pages, up to what the client says anew."""
    program, direct, through = outcomes
    own = [
        both for both in zip(through.requests, through.records, strict=True) if is_own(program.name, both[0])
    ]
    plain = [list_parts(request) for request in direct.requests if is_own(program.name, request)]
    held = 0
    for (before, after), (said, goes_on) in zip(pairwise(own), pairwise(plain), strict=True):
        anew = len(said) - count_common(said, goes_on)
        if anew > 1 or before[1].generation != after[1].generation:
            continue  # aider's files stand before what was said since they changed, and move when they change again
        old, new = list_parts(before[0]), list_parts(after[0])
        stable = count_stable(old) or (0 if count_stable(new) else len(old) - anew)
        assert new[:stable] == old[:stable]
        held += 1
    assert held > len(plain) // 2


def test_a_program_that_is_started_again_goes_on_with_its_conversation(
    outcomes: tuple[Program, Outcome, Outcome],
) -> None:
    """It is found by what was said: where the client changes that, it is another one."""
    program, _, through = outcomes
    pairs = zip(through.requests, through.records, strict=True)
    sessions = {record.session for request, record in pairs if is_own(program.name, request)}
    if program.name == "aider":
        assert len(sessions) > 1  # it says its last question and its files otherwise in each request
    elif program.name == "qwen":
        assert len(sessions) == 2  # its first message lists the files that are there when it starts
    else:
        assert len(sessions) == 1


def list_parts(request: FakeRequest) -> list[str]:
    """Return what a prompt is made of, in order: each text, picture and call with the role that says it."""
    return [
        json.dumps([message["role"], part], sort_keys=True)
        for message in request.messages
        for part in _list_contents(message.get("content")) + list(message.get("tool_calls") or ())
    ]


def _list_contents(content: object) -> list[object]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())  # type: ignore[call-overload] # a list or None, which the fake has checked


def count_stable(parts: Sequence[str]) -> int:
    """Return how many parts there are up to the last picture."""
    return max((number for number, part in enumerate(parts, 1) if "data:image" in part), default=0)


def count_common(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many parts two prompts have in common, from the first."""
    return len(list(takewhile(lambda both: both[0] == both[1], zip(before, after, strict=False))))
