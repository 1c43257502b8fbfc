"""Addresses are read where they are public or allowed by name; what is secret in one stays secret."""

from __future__ import annotations

import gzip
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import pytest

from glyph_memory.addresses import is_address, show_address
from glyph_memory.documents import Limits, load
from glyph_memory.documents.hosts import is_public, resolve
from glyph_memory.errors import DocumentError

HERE = ("127.0.0.1",)
"""Where the server of these tests is."""


class Handler(BaseHTTPRequestHandler):
    """Answers as its path says."""

    seen: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        """Answer."""
        fields = (self.path, self.headers.get("Host", ""), self.headers.get("Authorization", ""))
        self.seen.append(fields)
        path = self.path.partition("?")[0]
        if path.startswith("/to/"):
            target = self.path.removeprefix("/to/")
            self.answer(302, b"", {"Location": target})
        elif path == "/latin":
            self.answer(
                200, "schön grün".encode("latin-1"), {"Content-Type": "text/plain; charset=iso-8859-15"}
            )
        elif path == "/nonsense":
            self.answer(200, b"words", {"Content-Type": "text/plain; charset=nonsense"})
        elif path == "/json":
            self.answer(200, b'"a string"', {"Content-Type": "application/json"})
        elif path == "/packed":
            self.answer(200, gzip.compress(b"x" * 5_000_000), {"Content-Encoding": "gzip"})
        elif path == "/lies":
            self.answer(200, b"short", {"Content-Length": "9999"})
        elif path == "/slow":
            self.rfile.read(1)
        elif path == "/notes.txt":
            self.answer(200, b"It opens at nine.\n" * 10_000, {})
        else:
            self.answer(int(path[1:]), b"sorry", {})

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Serve while the block runs; yields the address, and what was asked."""

    class Mine(Handler):
        seen: list[tuple[str, str, str]] = []  # noqa: RUF012 - one a server, and a server has one class

    with ThreadingHTTPServer(("127.0.0.1", 0), Mine) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", Mine.seen
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """A server on this machine."""
    with serve() as served:
        yield served


def complaint(address: str, *, allow: tuple[str, ...] = HERE, limits: Limits | None = None) -> str:
    """Return the error for an address that cannot be read."""
    with pytest.raises(DocumentError) as caught:
        [*load(address, allow_hosts=allow, limits=limits or Limits())]
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_address_is_read(server: tuple[str, list[tuple[str, str, str]]]) -> None:
    """Its last part is the title."""
    [document] = load(f"{server[0]}/notes.txt?page=2", allow_hosts=HERE)
    assert document.text == "It opens at nine.\n" * 10_000
    assert (document.title, document.source) == ("notes.txt", f"{server[0]}/notes.txt?page=2")


def test_what_the_server_says_is_used(server: tuple[str, list[tuple[str, str, str]]]) -> None:
    """Its encoding, and its kind where content and name say nothing."""
    [document] = load(f"{server[0]}/latin", allow_hosts=HERE)
    assert (document.text, document.encoding, document.defects) == ("schön grün", "iso8859-15", ())
    [document] = load(f"{server[0]}/json", allow_hosts=HERE)
    assert document.blocks[0].language == "json"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]"],  # noqa: S104 - asked for, not bound to
)
def test_private_hosts_are_refused(host: str) -> None:
    """However they are spelled; the message says how one is allowed."""
    told = complaint(f"http://{host}:9/x", allow=())
    assert "is on a private or reserved network" in told or "there is no host" in told
    assert "allow_hosts=" in told or "there is no host" in told


@pytest.mark.parametrize("target", ["http://localhost:9/", "http://127.0.0.2:9/", "//169.254.169.254/latest"])
def test_a_redirect_into_a_private_network_is_refused(
    target: str, server: tuple[str, list[tuple[str, str, str]]]
) -> None:
    """Each host on the way is checked."""
    assert "is on a private or reserved network" in complaint(f"{server[0]}/to/{target}")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("file:///etc/passwd", "which is no web address"),
        ("ftp://example.org/x", "which is no web address"),
        ("http://[::1", "cannot read"),
    ],
)
def test_a_redirect_to_anything_else_is_refused(
    target: str, told: str, server: tuple[str, list[tuple[str, str, str]]]
) -> None:
    """Files of this machine above all."""
    message = complaint(f"{server[0]}/to/{target}")
    assert told in message


def test_redirects_are_followed_to_an_end(server: tuple[str, list[tuple[str, str, str]]]) -> None:
    """Relative ones, too; a circle is left."""
    [document] = load(f"{server[0]}/to//to//notes.txt", allow_hosts=HERE)
    assert document.text.startswith("It opens")
    assert "sent on more than 10 times" in complaint(f"{server[0]}{'/to/' * 30}/notes.txt")


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, server: tuple[str, list[tuple[str, str, str]]]
) -> None:
    """A name that leads elsewhere the second time is asked for once; the server still gets the name."""
    asked, real = list[str](), socket.getaddrinfo
    port = server[0].rpartition(":")[2]

    def answer(host: str, *args: object, **fields: object) -> object:
        asked.append(host)
        return real("127.0.0.1" if host == "rebound.test" else host, *args, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    assert "'rebound.test' is on a private" in complaint(f"http://rebound.test:{port}/notes.txt", allow=HERE)
    [*load(f"http://rebound.test:{port}/notes.txt", allow_hosts=("Rebound.Test.",))]
    assert asked.count("rebound.test") == 2
    assert server[1][-1][1] == f"rebound.test:{port}"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True), ("2606:4700::1111", True), ("10.0.0.1", False), ("172.16.0.1", False),
        ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.1", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False), ("::", False), ("fe80::1%eth0", False),
        ("fc00::1", False), ("::ffff:10.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False), ("2002:808:808::", True), ("ff02::1", False), ("no address", False),
    ],
)  # fmt: skip
def test_public_addresses_are_told_from_others(address: str, expected: bool) -> None:
    """Of both kinds, and of one kind hidden in the other."""
    assert is_public(address) is expected


def test_a_host_that_is_not_there_is_named() -> None:
    """In one line."""
    with pytest.raises(DocumentError, match=r"there is no host 'nowhere\.invalid'"):
        resolve("nowhere.invalid", 80)


def test_secrets_stay_secret(server: tuple[str, list[tuple[str, str, str]]]) -> None:
    """They go to the server, and into no message and no document; nor to the next host."""
    address = server[0].replace("://", "://me:hunter2@")
    [document] = load(f"{address}/notes.txt?X-Amz-Signature=abcdef&page=2#top", allow_hosts=HERE)
    assert server[1][-1][0].endswith("X-Amz-Signature=abcdef&page=2")
    assert server[1][-1][2].startswith("Basic ")
    quick = Limits(timeout_s=0.2)
    shown = [
        document.source,
        *(complaint(f"{address}/{path}=abcdef", limits=quick) for path in ("404?token", "slow?key")),
    ]
    shown += [
        complaint("s3://me:hunter2@bucket/x?token=abcdef"),
        complaint("odd://me:hunter2@x/y?secret=abcdef"),
    ]
    shown += [complaint("http://me:hunter2@[::1/x?token=abcdef")]
    assert not any("hunter2" in one or "abcdef" in one for one in shown)
    other = server[0].replace("127.0.0.1", "localhost")
    [*load(f"{address}/to/{other}/notes.txt", allow_hosts=(*HERE, "localhost"))]
    assert server[1][-1][2] == ""


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/404", "answers 404; is the address spelled right?"),
        ("/403", "answers 403; it may not be read by you"),
        ("/500", "answers 500; try later"),
        ("/304", "answers 304"),
        ("/slow", "no answer from"),
        ("/lies", "cannot read"),
        ("/packed", "sends more than 1,000,000 bytes; raise the limit"),
    ],
)
def test_what_goes_wrong_is_one_line(
    path: str, told: str, server: tuple[str, list[tuple[str, str, str]]]
) -> None:
    """Whatever the server does; what it packs counts unpacked."""
    limits = Limits(timeout_s=0.3 if path == "/slow" else 30, file_bytes=1_000_000)
    assert told in complaint(f"{server[0]}{path}", limits=limits)


def test_nobody_listens() -> None:
    """A port that is closed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot read" in complaint(f"http://127.0.0.1:{port}/")


def test_addresses_of_fsspec_are_read() -> None:
    """Those in memory need no other library."""
    import_module("fsspec").filesystem("memory").pipe("/notes.txt", b"It opens at nine.")
    [document] = load("memory://notes.txt")
    assert (document.text, document.title, document.source) == (
        "It opens at nine.", "notes.txt", "memory://notes.txt"
    )  # fmt: skip
    assert "there is no document at 'memory://nowhere'" in complaint("memory://nowhere")
    assert "sends more than 9 bytes" in complaint("memory://notes.txt", limits=Limits(file_bytes=9))


def test_a_file_may_be_named_by_an_address(tmp_path: Path) -> None:
    """Of this machine alone."""
    path = tmp_path / "two words.txt"
    path.write_text("It opens at nine.")
    [document] = load(path.as_uri())
    assert (document.text, document.title) == ("It opens at nine.", "two words.txt")
    assert "names a file of another machine" in complaint("file://elsewhere/x")


@pytest.mark.parametrize("scheme", ["odd", "ftp", "sftp", "webhdfs", "simplecache::http", "data"])
def test_other_schemes_are_refused(scheme: str) -> None:
    """Some lead into private networks by themselves."""
    assert complaint(f"{scheme}://127.0.0.1/x")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    assert complaint("s3://bucket/key.pdf") == "reading s3 addresses needs s3fs; pip install s3fs"
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert "pip install 'glyph-memory[documents]'" in complaint("s3://bucket/key.pdf")


def test_paths_are_no_addresses() -> None:
    """On no system."""
    assert [*map(is_address, ["https://x", "S3://x", "a/b", "C:\\x", "http:/x", "://x", "-"])] == [
        True, True, False, False, False, False, False
    ]  # fmt: skip
    assert show_address("https://a.org/x;y?q=1#z") == "https://a.org/x;y?q=1"


def test_a_server_that_names_no_known_encoding_is_told() -> None:
    """The text is read by what its bytes look like."""
    with serve() as (address, _):
        (document,) = load(f"{address}/nonsense", allow_hosts=("127.0.0.1",))
    assert document.text == "words"
    assert [defect.message for defect in document.defects] == [
        "the server names an encoding 'nonsense' that is unknown"
    ]
