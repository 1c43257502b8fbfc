"""Two proxies over one store: each goes on with what the other began, and both send the same."""

from __future__ import annotations

import hashlib
import multiprocessing
from pathlib import Path

import pytest

from glyph_memory.store import Store, check_store
from lib.serve_speed import list_messages
from tests.serve.talks import Talk

_fork = multiprocessing.get_context("forkserver")
LONG = list_messages(90)
ENDS = [number for number, message in enumerate(LONG, 1) if message["role"] == "user"]
TURNS = ENDS[-1] - 1
"""The first message is the system prompt, which is no turn of the conversation."""


def ask_all(database: Path, told: Path) -> None:
    """Ask as a client does whose requests all go to one proxy, and write down what was sent."""
    with Store.open(database, wait_s=60) as store:
        sent = [Talk(store).ask(LONG[:end]).data for end in ENDS]
    told.write_text("\n".join(hashlib.sha256(data).hexdigest() for data in sent))


def test_two_proxies_at_once_send_the_same_and_keep_one_conversation(tmp_path: Path) -> None:
    """The same requests at the same time, from the very first on; nothing is stored twice."""
    database, told = tmp_path / "serve.db", [tmp_path / "one", tmp_path / "two"]
    proxies = [_fork.Process(target=ask_all, args=(database, path)) for path in told]
    for proxy in proxies:
        proxy.start()
    for proxy in proxies:
        proxy.join(120)
    assert [proxy.exitcode for proxy in proxies] == [0, 0]
    assert told[0].read_text() == told[1].read_text()
    with Store.open(database) as store:
        (info,) = store.conversations()
        assert info.turns == TURNS
        assert len(list(store.session(info.session).turns())) == TURNS
    assert check_store(database).is_healthy


@pytest.mark.parametrize("ahead", [1, 4, 9])
def test_a_proxy_that_is_behind_sends_what_the_other_sent(tmp_path: Path, ahead: int) -> None:
    """An earlier request comes again, when later ones have made pages of what it says."""
    with Store.open(tmp_path / "serve.db") as one, Store.open(tmp_path / "serve.db") as two:
        former = [Talk(one).ask(LONG[:end]) for end in ENDS[:ahead]]
        again = [Talk(two).ask(LONG[:end]) for end in ENDS[:ahead]]
    assert [prepared.data for prepared in again] == [prepared.data for prepared in former]


def test_a_client_whose_requests_go_to_either_proxy_sees_one(tmp_path: Path) -> None:
    """In turns, as a router without memory sends them."""
    with (
        Store.open(tmp_path / "serve.db") as one,
        Store.open(tmp_path / "serve.db") as two,
        Store.open(tmp_path / "alone.db") as alone,
    ):
        for place, end in enumerate(ENDS):
            prepared = Talk((one, two)[place % 2]).ask(LONG[:end])
            assert prepared.data == Talk(alone).ask(LONG[:end]).data
        assert prepared.folded is not None
        assert prepared.folded.pages > 0
        assert len(one.conversations()) == 1
