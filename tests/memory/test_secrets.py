"""The guard of secrets in a memory: nothing of a secret is stored, drawn, sent, found, exported or told."""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from glyph_memory import (
    GlyphMemory,
    GlyphMemoryError,
    GlyphMemoryWarning,
    SecretGuard,
    ToolCall,
    Turn,
    TurnError,
)
from tests.memory.worker import small

PASSWORD, TOKEN = "XANTHIPPE-4711-QUARTZ", "ghp_XANTHIPPE4711abcdefghijklmnopqrstuvw"
SAID = f"The password is {PASSWORD}; export TOKEN={TOKEN}"
CALL = ToolCall(name="login", arguments=json.dumps({"password": PASSWORD, "token": TOKEN}), id="c1")


def traces(database: Path) -> list[str]:
    """Name the files beside a database that hold a secret's bytes."""
    paths = [path for path in database.parent.rglob("*") if path.is_file()]
    return [path.name for path in paths if b"xanthippe" in path.read_bytes().lower()]


def test_nothing_of_a_secret_is_stored_drawn_sent_or_exported(database: Path, talk: tuple[Turn, ...]) -> None:
    """Added, extended, imported or asked; in a fork, too."""
    source = database.parent.parent / "source.jsonl"
    with small() as memory:
        memory.extend([*talk[:40], Turn(role="user", text=SAID)])
        memory.export(source)
    with small(database, secrets="mask") as memory:
        memory.add("system", f"Sign in with password={PASSWORD}")
        stored = memory.add("user", SAID)
        memory.add(Turn(role="assistant", tool_calls=(CALL,), origin=json.dumps({"content": SAID})))
        memory.add("tool", f'{{"password": "{PASSWORD}"}}', name="login", tool_call_id="c1")
        memory.import_(source)
        with memory.fork("branch") as branch:
            branch.add("user", SAID)
            assert "XANTHIPPE" not in branch.unfold()
        context = memory.context(f"Is it password={PASSWORD}?")
        assert any("password=[secret password" in message.text for message in context.messages)
        assert "XANTHIPPE" not in "".join(message.text for message in context.messages)
        assert any("[secret password" in page.text for page in memory.pages())
        assert not any("XANTHIPPE" in page.text for page in memory.pages())
        assert not any("xanthippe" in one.text.lower() for one in memory.identifiers())
        assert memory.recall("XANTHIPPE") == ()
        assert "password is [secret password " in stored.text
        memory.export(database.parent / "copy.jsonl")
    assert traces(database) == []


def test_equal_secrets_have_one_handle_in_every_process(database: Path) -> None:
    """And another one in another database."""
    program = (
        "import sys; from glyph_memory import GlyphMemory\n"
        "with GlyphMemory.open(sys.argv[1], secrets='mask') as memory: print(memory.add('user', sys.argv[2]).text)"
    )
    with GlyphMemory.open(database, secrets="mask") as memory:
        here = memory.add("user", SAID).text
    command = [sys.executable, "-c", program, str(database), SAID]
    there = subprocess.run(command, check=True, capture_output=True, text=True).stdout.rstrip("\n")
    assert here == there
    with GlyphMemory.open(":memory:", secrets="mask") as other:
        assert other.add("user", SAID).text != here


def test_a_warning_names_the_turn_once(database: Path) -> None:
    """The turn is stored as it came."""
    with GlyphMemory.open(database, secrets="warn") as memory:
        memory.add("user", "Hello.")
        with pytest.warns(
            GlyphMemoryWarning, match=r"user's turn after §1 holds secrets \(password, github-token\)"
        ) as told:
            assert memory.add("user", SAID).text == SAID
    assert len(told) == 1
    assert "XANTHIPPE" not in str(told[0].message)


def test_a_warning_that_is_an_error_comes_before_anything_is_stored(database: Path, tmp_path: Path) -> None:
    """Neither the turn, nor the list or the file that it came in."""
    file = tmp_path / "talk.json"
    file.write_text(json.dumps([{"role": "user", "content": text} for text in ("Hello.", SAID)]))
    with GlyphMemory.open(database, secrets="warn") as memory, warnings.catch_warnings():
        warnings.simplefilter("error", GlyphMemoryWarning)
        with pytest.raises(GlyphMemoryWarning, match="user's first turn holds secrets"):
            memory.add("user", SAID)
        with pytest.raises(GlyphMemoryWarning, match="user's turn after §1 holds secrets"):
            memory.extend([Turn(role="user", text=text) for text in ("Hello.", SAID)])
        with pytest.raises(GlyphMemoryWarning, match="holds secrets"):
            memory.import_(file)
        assert [*memory.turns()] == []
        assert memory.add("user", "Hello.").anchor == 1
    file.unlink()
    assert traces(database) == []


def test_what_is_refused_is_not_stored_nor_is_the_list_it_came_in(database: Path) -> None:
    """Neither are questions asked."""
    with GlyphMemory.open(database, secrets="refuse") as memory:
        with pytest.raises(TurnError, match="user's turn holds secrets"):
            memory.extend([Turn(role="user", text=text) for text in ("Hello.", SAID)])
        with pytest.raises(TurnError, match="the question holds secrets"):
            memory.context(SAID)
        assert [*memory.turns()] == []
    assert traces(database) == []


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


@pytest.mark.parametrize("name", ["add", "extend", "context", "import_"])
async def test_a_refusal_carries_no_frame_of_ours_with_the_secret(name: str, tmp_path: Path) -> None:
    """Reporters of errors print the locals of every frame; the caller's own are the caller's."""
    file = tmp_path / "talk.json"
    file.write_text(json.dumps([{"role": "user", "content": SAID}]))
    given: Any = {
        "add": ("user", SAID),
        "extend": ([{"role": "user", "content": SAID}],),
        "context": (SAID,),
        "import_": (file,),
    }[name]
    with GlyphMemory.open(":memory:", secrets="refuse") as memory:
        errors: list[TurnError] = []
        with pytest.raises(TurnError) as raised:
            getattr(memory, name)(*given)
        errors.append(raised.value)
        if name != "import_":  # which is not awaited
            with pytest.raises(TurnError) as raised:
                await getattr(memory, f"a{name}")(*given)
            errors.append(raised.value)
    for error in errors:
        ours = [frame for frame in _frames(error) if "glyph_memory/" in frame.f_code.co_filename]
        assert ours
        assert not any("XANTHIPPE" in repr(frame.f_locals) for frame in ours)
        assert (error.__cause__, error.__context__) == (None, None)
        assert "XANTHIPPE" not in repr((error, error.args, vars(error)))


def test_the_guard_sees_what_redact_gives() -> None:
    """What redact takes out needs no handle, and what it puts in is looked at."""

    def redact(turn: Turn) -> Turn:
        return Turn(role=turn.role, text=turn.text.replace("Ada", f"password={PASSWORD}"))

    with GlyphMemory.open(":memory:", redact=redact, secrets="mask") as memory:
        assert memory.add("user", "I am Ada.").text.startswith("I am password=[secret password ")


def test_a_guard_of_ones_own_is_used_with_its_own_key() -> None:
    """So that stores share handles where that is wanted."""
    guard = SecretGuard(key=b"shared")
    said = []
    for _ in range(2):
        with GlyphMemory.open(":memory:", secrets=guard) as memory:
            said.append(memory.add("user", SAID).text)
            assert memory.secrets.key == b"shared"
    assert said[0] == said[1]


def test_a_turn_is_stored_once_though_it_is_masked(database: Path) -> None:
    """What is tried again with its id is the same turn."""
    with GlyphMemory.open(database, secrets="mask") as memory:
        first, again = (memory.add("user", SAID, id="1") for _ in range(2))
        assert first == again
        assert len([*memory.turns()]) == 1


def test_there_is_no_other_mode() -> None:
    """The message lists those there are."""
    with pytest.raises(TurnError, match="'off', 'warn', 'mask', 'refuse'"):
        GlyphMemory.open(":memory:", secrets="hide")  # type: ignore[arg-type]  # what is wrong is the point


def test_the_digits_of_a_handle_are_no_identifier() -> None:
    """Nobody looks for them."""
    with GlyphMemory.open(":memory:", secrets="mask") as memory:
        memory.add("user", f"{SAID} in 3f9a1c2b")
        assert [one.text for one in memory.identifiers()] == ["3f9a1c2b"]


def leaks(error: BaseException) -> list[str]:
    """Return where an error shows the secret: in what it says, in what is chained to it, or in frames of ours."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in told.stack if "glyph_memory/" in frame.filename]
    shown = {
        "words": "".join(told.format_exception_only()),
        "chain": repr((told.__cause__, told.__context__)),
    }
    shown |= {frame.name: repr(frame.locals) for frame in ours}
    return [name for name, text in shown.items() if "XANTH" in text.upper()]


@pytest.mark.parametrize("mode", ["mask", "refuse"])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("add", ("user", SAID, {"time": f"at {TOKEN}"})),
        ("add", (f"password={PASSWORD}", "Hello.", {})),
        ("add", ("user", "Hello.", {"attachments": [TOKEN]})),
        ("add", ("boss", SAID, {})),
        ("extend", (f'{{"role": "user", "content": "password={PASSWORD}"', {})),
        ("extend", (f'{{"role": "user", "content": "{"-" * 40} {TOKEN}"', {})),
        ("extend", ([{"role": "user", "content": SAID}, {"role": "user"}], {})),
        ("zoom", (f"password={PASSWORD}", {})),
    ],
)
async def test_no_other_error_shows_a_secret_either(name: str, given: tuple[Any, ...], mode: Any) -> None:
    """Neither quoted, whole or cut, nor in a frame."""
    with GlyphMemory.open(":memory:", secrets=mode) as memory:
        with pytest.raises(GlyphMemoryError) as raised:
            getattr(memory, name)(*given[:-1], **given[-1])
        with pytest.raises(GlyphMemoryError) as awaited:
            await getattr(memory, f"a{name}")(*given[:-1], **given[-1])
    assert [leaks(one.value) for one in (raised, awaited)] == [[], []]


def test_without_a_guard_an_error_keeps_its_words_and_frames() -> None:
    """Whoever looks for a mistake needs them."""
    with GlyphMemory.open(":memory:") as memory, pytest.raises(GlyphMemoryError) as raised:
        memory.zoom(f"password={PASSWORD}")
    assert PASSWORD in str(raised.value)
    assert "recall.py" in "".join(traceback.format_tb(raised.value.__traceback__))


def test_a_guard_alone_tells_nothing_in_its_frames() -> None:
    """As where an adapter calls it."""
    guard = SecretGuard(mode="refuse")
    for call in (guard.guard_turn, guard.examine_turn):
        with pytest.raises(TurnError) as raised:
            call(Turn(role="user", text=SAID))
        assert leaks(raised.value) == []
    with pytest.raises(TurnError) as raised:
        guard.guard_text(SAID)
    assert leaks(raised.value) == []
