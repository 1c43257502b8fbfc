"""`LateReader` makes its reader with the first question, once."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from glyph_memory import Context, LateReader, ReaderRefused, Usage
from glyph_memory.testing import ScriptedReader

ASKED = Context.of("When?", pages=[])


async def test_each_way_to_ask_makes_the_reader_once() -> None:
    """Whole or streamed, sync or async, by a copy: it is one reader."""
    made: list[ScriptedReader] = []

    def make() -> ScriptedReader:
        made.append(ScriptedReader(lambda _: "14:05"))
        return made[-1]

    late = LateReader(make)
    assert not late.is_made
    assert late.read(ASKED).text == (await late.aread(ASKED)).text == "14:05"
    assert [delta.text for delta in copy.deepcopy(late).stream(ASKED)] == ["14:05", ""]
    assert [delta.text async for delta in copy.copy(late).astream(ASKED)] == ["14:05"]
    assert len(made) == 1
    assert len(made[0].contexts) == 4


def test_many_threads_make_one() -> None:
    """Loading a model takes a while, and all wait for the same."""
    made: list[ScriptedReader] = []

    def make() -> ScriptedReader:
        made.append(ScriptedReader(lambda _: "14:05"))
        return made[-1]

    late = LateReader(make)
    with ThreadPoolExecutor(8) as pool:
        assert {reading.text for reading in pool.map(late.read, [ASKED] * 32)} == {"14:05"}
    assert len(made) == 1


def test_sampling_is_asked_for_when_the_reader_is_made() -> None:
    """Naming it loads nothing, and both share one reader."""
    late = LateReader(lambda: ScriptedReader(["14:05, Gate 3", "15:10, Gate 4"]))
    other = late.with_sampling(stop=[","])
    before = late.is_made
    assert other.read(ASKED).text == "14:05"
    assert (before, late.is_made) == (False, True)
    assert late.with_sampling(stop=["Gate"]).read(ASKED).text == "15:10, "


def test_pickled_it_makes_its_reader_anew() -> None:
    """A model does not travel, its name does."""
    late = LateReader(partial(ScriptedReader, ["14:05"]))
    late.read(ASKED)
    back = pickle.loads(pickle.dumps(late))  # noqa: S301 - what was written here
    assert not back.is_made
    assert back.read(ASKED).text == "14:05"


def test_what_cannot_be_made_is_told_and_tried_again() -> None:
    """A failure is not kept: the folder may be there next time."""
    tries: list[int] = []

    def make() -> ScriptedReader:
        tries.append(1)
        if len(tries) == 1:
            raise ReaderRefused("no such folder")
        return ScriptedReader(["14:05"])

    late = LateReader(make)
    with pytest.raises(ReaderRefused, match="no such folder"):
        late.read(ASKED)
    assert late.read(ASKED).text == "14:05"


async def test_warming_is_passed_on() -> None:
    """To a reader that can; any other does nothing."""

    class Warming(ScriptedReader):
        def warm(self, context: Context) -> Usage:
            return Usage(prompt_tokens=len(context.messages))

    late = LateReader(lambda: Warming([]))
    assert late.warm(ASKED) == await late.awarm(ASKED) == Usage(prompt_tokens=1)
    assert LateReader(lambda: ScriptedReader([])).warm(ASKED) == Usage()


def test_closing_closes_what_was_made() -> None:
    """And nothing where nothing was made."""
    closed: list[int] = []

    class Closing(ScriptedReader):
        def close(self) -> None:
            closed.append(1)

    late = LateReader(lambda: Closing(["14:05"]))
    late.close()
    late.read(ASKED)
    late.close()
    late.close()
    assert closed == [1]
    assert not late.is_made


def test_a_models_reader_is_named_and_not_loaded() -> None:
    """A keyword that it does not have is told at once."""
    assert not LateReader.of_model("no/such-model", device="cpu").is_made
    with pytest.raises(
        TypeError, match="unexpected keyword 'devise'; those of TransformersReader are device"
    ):
        LateReader.of_model("no/such-model", devise="cpu")
