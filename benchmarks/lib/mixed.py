"""Several processes write one session, one of them is killed, and the others go on."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.connection import Connection

from glyph_memory.store import Store
from glyph_memory.transcript import Turn
from lib.forks import check_file
from lib.kill import Outcome
from lib.starts import Place

_WRITERS = 3
_TURNS = 8
"""That each process appends, after the one that shows that it has begun; then it appends two at once."""

_fork = multiprocessing.get_context("fork")


def kill_one_of_several(place: Place, *, draw: random.Random) -> Outcome:
    """Start processes that write one session, kill one at a moment drawn by lot, and see what is there.

    Args:
        place: Of an empty database.
        draw: Draws when.
    """
    pipes, children, begun_s = list[Connection](), [], time.monotonic()
    for writer in range(_WRITERS):
        ours, theirs = _fork.Pipe(duplex=False)
        children.append(_fork.Process(target=_write, args=(str(place.database), writer, theirs)))
        children[-1].start()
        theirs.close()
        pipes.append(ours)
    acknowledged = [pipes[0].recv()]
    time.sleep(draw.uniform(0, 0.15))
    children[0].kill()
    for pipe in pipes:
        acknowledged += _receive_all(pipe)
    for child in children:
        child.join()
    place.wait()
    faults = [f"a writer ended with {child.exitcode}" for child in children[1:] if child.exitcode]
    with Store.open(place.database) as store:
        turns = list(store.session("chat").turns())
        faults += check_file(store)
    there = [turn.text for turn in turns]
    if [turn.anchor for turn in turns] != list(range(1, len(turns) + 1)):
        faults.append("the anchors have gaps")
    for writer in range(_WRITERS):
        mine = [text for text in there if text.startswith(f"{writer} ")]
        written = _texts(writer)
        if mine != written[: len(mine)] or len(mine) == len(written) - 1:
            faults.append(f"writer {writer} has {mine}")
    return Outcome(
        was_killed=children[0].exitcode != 0,
        steps=0,
        seconds=time.monotonic() - begun_s,
        acknowledged=len(acknowledged),
        lost=len(set(acknowledged) - set(there)),
        faults=tuple(faults),
    )


def _texts(writer: int) -> list[str]:
    return [*(f"{writer} {number}" for number in range(_TURNS + 1)), f"{writer} pair a", f"{writer} pair b"]


def _write(database: str, writer: int, pipe: Connection) -> None:
    texts = _texts(writer)
    with Store.open(database, wait_s=60) as store:
        session_store = store.session("chat")
        for text in texts[:-2]:
            session_store.append([Turn(role="user", text=text, images=(b"picture" * 1000,))])
            pipe.send(text)
        session_store.append([Turn(role="user", text=text) for text in texts[-2:]])
        for text in texts[-2:]:
            pipe.send(text)


def _receive_all(pipe: Connection) -> list[str]:
    received = []
    try:
        while True:
            received.append(pipe.recv())
    except (EOFError, OSError):  # also cut in the middle of a word
        return received
