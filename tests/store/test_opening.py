"""A store opens where it is told to, for its owner alone; where it cannot, one line says why and what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from glyph_memory.errors import StoreError
from glyph_memory.store import Store
from glyph_memory.store.address import parse_address
from glyph_memory.transcript import Turn

HELLO = Turn(role="user", text="hello")


def refusal(url: str | Path) -> str:
    """Return the line that says why a store does not open."""
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_a_new_file_is_its_owners_alone(tmp_path: Path, mask: int) -> None:
    """And so is the log beside it, whatever the umask."""
    path = tmp_path / "chat.db"
    before = os.umask(mask)
    try:
        with Store.open(path) as store:
            store.session("chat").append([HELLO])
            files = sorted(tmp_path.iterdir())
            assert [file.name for file in files] == ["chat.db", "chat.db-shm", "chat.db-wal"]
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    finally:
        os.umask(before)


def test_permissions_that_somebody_chose_stay(tmp_path: Path) -> None:
    """Only new files get ours."""
    path = tmp_path / "chat.db"
    path.touch()
    path.chmod(0o640)
    Store.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["chat.db", "a b.db", "100%.db", "?x=1.db", "#.db", "ü'\".db", "file:x.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    """None is taken for a URL's syntax."""
    for url in (tmp_path / name, str(tmp_path / name)):
        with Store.open(url) as store:
            store.session("chat").append([HELLO])
            assert store.path == tmp_path / name
    assert sorted({file.name for file in tmp_path.iterdir()}) == [name]


def test_a_path_and_its_url_are_the_same_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative ones as well; a link is followed."""
    monkeypatch.chdir(tmp_path)
    Path("link.db").symlink_to("chat.db")
    for url in (
        "link.db",
        "chat.db",
        "sqlite:///chat.db",
        f"sqlite:////{tmp_path}/chat.db",
        "sqlite+pysqlite:///chat.db",
    ):
        with Store.open(url) as store:
            store.session("chat").append([HELLO])
    with Store.open("chat.db") as store:
        assert store.session("chat").state().turns == 5
    assert stat.S_IMODE(Path("chat.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("url", [":memory:", "sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_is_its_own(url: str) -> None:
    """Two of them share nothing."""
    with Store.open(url) as one, Store.open(url) as two:
        one.session("chat").append([HELLO])
        assert two.sessions() == ()
        assert one.path is None
        assert not one.read_only


def test_the_key_stays_and_is_secret(any_url: str, tmp_path: Path) -> None:
    """32 bytes, the same at each opening, another for each database; shown nowhere."""
    with Store.open(any_url) as store, Store.open(tmp_path / "other.db") as other:
        assert len(store.key) == 32
        assert store.key != other.key
        assert store.key.hex() not in repr(store)
        if any_url != ":memory:":
            with Store.open(any_url) as again:
                assert again.key == store.key


def test_a_password_is_shown_nowhere() -> None:
    """Neither in the store's URL nor in what goes wrong."""
    line = refusal("postgresql+pg8000://me:hunter2@127.0.0.1:1/db")
    assert "hunter2" not in line
    assert "no connection to 'postgresql+pg8000://me:***@127.0.0.1:1/db'" in line
    assert "Is the server running, and is there such a database?" in line
    assert "hunter2" not in refusal("postgresql://me:hunter2@[half/db")


def test_a_server_s_address_without_a_user_is_refused_in_one_line() -> None:
    """The driver would raise a `TypeError`."""
    assert "names no user. Try: postgresql+pg8000://user@host/database" in refusal(
        "postgresql://127.0.0.1:1/db"
    )


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+pg8000://u@h/d"])
def test_postgresql_without_a_driver_takes_the_one_that_the_extra_brings(url: str) -> None:
    """Three spellings, one address."""
    assert parse_address(url).url.drivername == "postgresql+pg8000"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no database is called ''"),
        ("{tmp}", "is a directory. Name a file in it"),
        ("{tmp}/no/chat.db", "there is no directory for .* Try: mkdir -p"),
        ("{tmp}/text.db", "text.db' is not an SQLite database"),
        ("{tmp}/text.db/chat.db", "cannot create .*: Not a directory"),
        ("sqlite:///{tmp}/none.db?mode=ro", "cannot open .*none.db': unable to open"),
        ("sqlite:///{tmp}/empty.db?mode=ro", "is read-only and holds no memory"),
        ("nonsense://host/db", "no kind of database that is known here"),
        (
            "mysql+pymysql://host/db",
            "the driver for .* is not installed: No module named .*glyph-memory.postgres",
        ),
        ("sqlite+aiosqlite:///{tmp}/chat.db", "a driver that cannot be used here, 'aiosqlite'"),
        ("http:// /", "no kind of database|cannot be taken apart"),
        ("{tmp}/a\0b", "it holds a NUL"),
    ],
)
def test_what_cannot_be_opened_says_why_and_what_to_do(tmp_path: Path, url: str, said: str) -> None:
    """One line each."""
    (tmp_path / "text.db").write_text("This is a letter and not a database. " * 200)
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreError, match=said):
        Store.open(url.format(tmp=tmp_path))
    assert (tmp_path / "text.db").read_text().startswith("This is a letter")


def test_a_database_opened_for_reading_reads_and_refuses_to_write(tmp_path: Path) -> None:
    """While another writes to it, too."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store, Store.open(f"sqlite:///{path}?mode=ro") as reader:
        stored = store.session("chat").append([HELLO])
        assert reader.read_only
        assert not store.read_only
        assert reader.key == store.key
        session_store = reader.session("chat")
        assert tuple(session_store.turns()) == stored
        assert session_store.search("hello", k=1)[0].turn == stored[0]
        for write in (
            lambda: session_store.append([HELLO]),
            lambda: session_store.set_pinned(1, True),
            lambda: session_store.truncate(after=0),
            session_store.clear,
            lambda: session_store.fork("b"),
            lambda: session_store.add_seals([], edits=0),
        ):
            with pytest.raises(
                StoreError, match=r"chat\.db' is read-only\. Open it with an account that may"
            ):
                write()
        assert tuple(store.session("chat").turns()) == stored


def test_any_database_can_be_opened_to_look_alone(shared_url: str) -> None:
    """Asked for beside the URL, whatever database that names."""
    with Store.open(shared_url) as store:
        stored = store.session("chat").append([HELLO])
        with Store.open(shared_url, read_only=True) as reader:
            assert reader.read_only
            assert tuple(reader.session("chat").turns()) == stored
            with pytest.raises(StoreError, match="is read-only"):
                reader.session("chat").append([HELLO])
        assert tuple(store.session("chat").turns()) == stored


def test_a_database_that_is_not_there_is_not_made_to_look_at(tmp_path: Path) -> None:
    """Nor its folder's content changed."""
    with pytest.raises(StoreError, match=r"missing\.db"):
        Store.open(tmp_path / "missing.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_be_written_is_read(tmp_path: Path) -> None:
    """In a directory that may not be written either; by another account, since root may always."""
    if os.getuid() != 0:
        pytest.skip("only root can become another account")
    folder = Path(tmp_path.parents[-2], f"glyph-read-only-{os.getpid()}")
    folder.mkdir()
    try:
        with Store.open(folder / "chat.db") as store:
            store.session("chat").append([HELLO])
        (folder / "chat.db").chmod(0o444)
        folder.chmod(0o555)
        program = (
            "import os, sys\n"
            "from glyph_memory.store import Store\n"
            "os.setuid(65534)\n"
            "store = Store.open(sys.argv[1])\n"
            "print(store.read_only, store.session('chat').turn(1).text)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder / "chat.db")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == ("True hello\n", "")
    finally:
        shutil.rmtree(folder)


def test_a_closed_store_says_so(store: Store) -> None:
    """Closing twice is no matter."""
    session_store = store.session("chat")
    session_store.append([HELLO])
    store.close()
    store.close()
    for use in (
        session_store.state,
        session_store.clear,
        store.sessions,
        lambda: list(session_store.turns()),
    ):
        with pytest.raises(StoreError, match=r"is closed\. Open it again"):
            use()


def test_a_damaged_file_says_so_and_tells_nothing_of_what_it_holds(tmp_path: Path) -> None:
    """SQLite's own words, and how to get out what can be."""
    path = tmp_path / "chat.db"
    with Store.open(path) as store:
        store.session("chat").append([Turn(role="user", text="xylophone " * 2000)] * 1)
    data = bytearray(path.read_bytes())
    data[4096 : len(data) - 4096] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with (
        pytest.raises(StoreError, match=r"is damaged: .* Try: glyph-memory doctor") as caught,
        Store.open(path) as store,
    ):
        list(store.session("chat").turns())
    assert "xylophone" not in str(caught.value)


def test_importing_the_package_does_not_load_sqlalchemy() -> None:
    """The store is loaded where it is used."""
    program = "import sys, glyph_memory; sys.exit('sqlalchemy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its version and the one that will do."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    assert "too old" in refusal(tmp_path / "chat.db")


def test_a_pipe_is_no_database(tmp_path: Path) -> None:
    """It is told at once: opening one would wait for a writer, for ever."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        for read_only in (True, False):
            with pytest.raises(StoreError, match="is a pipe, a device or a socket, and no database"):
                Store.open(path, read_only=read_only)
