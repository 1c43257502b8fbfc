"""The server as a process: it starts with words, ends when it is told, and takes no tricks."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from glyph_memory.serve import ServeError, ServeOptions, Upstream
from glyph_memory.serve.edge.run import run_server
from tests.serve.edge.server import make_app

ROOT = Path(__file__).parents[3]
UPSTREAM = Upstream(url="http://127.0.0.1:9/v1")


class Served:
    """A server in a process of its own."""

    def __init__(self, folder: Path, options: dict[str, object]) -> None:
        told = json.dumps({"memory": str(folder / "m.db"), **options})
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serve.edge.server", told],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.process.stderr is not None
        self.greeting: list[str] = []
        for line in self.process.stderr:
            self.greeting.append(line)
            if line.startswith("Ctrl-C"):
                break
        found = re.search(r"http://127.0.0.1:(\d+)", "".join(self.greeting))
        assert found is not None, self.greeting
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.ask("GET", "/healthz")

    def ask(self, method: str, path: str) -> httpx2.Response:
        """Ask until it answers; a worker may still be starting."""
        return httpx2.request(method, self.url + path, timeout=60)

    def send_raw(self, data: bytes) -> bytes:
        """Send bytes; return all that comes back until the connection ends, or nothing more comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65_536):
                answer += piece
        return answer

    def end(self) -> tuple[int, str]:
        """Return the exit status and the log."""
        _, log = self.process.communicate(timeout=60)
        return self.process.returncode, log


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start servers, and end them."""
    started: list[Served] = []

    def start(**options: object) -> Served:
        started.append(Served(tmp_path, options))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.terminate()
            try:
                served.process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                served.process.kill()
                served.process.communicate()


def test_an_open_answer_finishes(serve: Serve, tmp_path: Path) -> None:
    """Nobody new comes in, a watcher is sent away, and the exit status is 0."""
    served, gate = serve(grace_s=50), tmp_path / "gate"
    with (
        httpx2.stream("GET", f"{served.url}/v1/watch", timeout=60) as watching,
        httpx2.stream("GET", f"{served.url}/v1/stream?gate={gate}", timeout=60) as answer,
    ):
        watched, pieces = watching.iter_lines(), answer.iter_lines()
        assert (next(watched), next(pieces)) == ("watching", "begun")
        served.process.terminate()
        assert list(watched) == []
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(served.url)
        gate.touch()
        assert list(pieces) == ["ended"]
    code, log = served.end()
    assert code == 0
    assert "Traceback" not in log


def test_what_takes_too_long_is_cut(serve: Serve, tmp_path: Path) -> None:
    """The client sees that its answer broke off."""
    served = serve(grace_s=0.2)
    with httpx2.stream("GET", f"{served.url}/v1/stream?gate={tmp_path / 'gate'}", timeout=60) as answer:
        pieces = answer.iter_lines()
        assert next(pieces) == "begun"
        served.process.terminate()
        with pytest.raises(httpx2.RemoteProtocolError):
            list(pieces)
    code, log = served.end()
    assert code == 0
    assert "Traceback" not in log


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGINT), (2, signal.SIGTERM)])
def test_a_second_signal_ends_it_at_once(
    serve: Serve, tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    """However long the first would wait."""
    served = serve(grace_s=600, workers=workers)
    with httpx2.stream("GET", f"{served.url}/v1/stream?gate={tmp_path / 'gate'}", timeout=60) as answer:
        pieces = answer.iter_lines()
        assert next(pieces) == "begun"
        served.process.send_signal(number)
        while is_listening(served.port):
            time.sleep(0.05)
        served.process.send_signal(number)
        with pytest.raises(httpx2.RemoteProtocolError):
            list(pieces)
    code, log = served.end()
    assert code == 0
    assert "Traceback" not in log


def is_listening(port: int) -> bool:
    """Return whether somebody listens at a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there are no terminals that hang up here")
def test_a_terminal_that_is_closed_ends_it_as_ctrl_c_does(serve: Serve, tmp_path: Path) -> None:
    """An open answer finishes."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        pytest.skip("nohup runs these tests: what it starts outlives its terminal, as it should")
    served, gate = serve(grace_s=50), tmp_path / "gate"
    with httpx2.stream("GET", f"{served.url}/v1/stream?gate={gate}", timeout=60) as answer:
        pieces = answer.iter_lines()
        assert next(pieces) == "begun"
        served.process.send_signal(signal.SIGHUP)
        while is_listening(served.port):
            time.sleep(0.05)
        gate.touch()
        assert list(pieces) == ["ended"]
    assert served.end()[0] == 0


def test_it_says_where_it_listens_and_whom_it_asks(serve: Serve, tmp_path: Path) -> None:
    """Also where the upstream is not there yet; and each request is a line of JSON in the log."""
    served = serve()
    said = "".join(served.greeting)
    for line in [
        f"listens at {served.url}",
        "http://127.0.0.1:9/v1: it does not answer yet",
        str(tmp_path / "m.db"),
    ]:
        assert line in said
    assert f"OPENAI_BASE_URL={served.url}/v1" in said
    assert f"ANTHROPIC_BASE_URL={served.url}" in said
    httpx2.post(
        f"{served.url}/v1/x?secret=1", headers={"Host": "evil.example", "Authorization": "Bearer s3cr3t"}
    )
    served.process.terminate()
    code, log = served.end()
    record = json.loads(log.splitlines()[-1])
    assert (code, record["path"], record["status"]) == (0, "/v1/x", 403)
    assert "secret" not in log
    assert "s3cr3t" not in log


_HOST = b"Host: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: -5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"X: a\r\n Transfer-Encoding: chunked\r\n\tb\x00\r\n",
        b"Host: evil.example\r\n",
    ],
)
def test_a_request_whose_end_is_in_doubt_is_refused(serve_once: Served, head: bytes) -> None:
    """Nothing behind it is taken for a request of its own, where a proxy before us saw another end."""
    smuggled = b"GET /v1/smuggled HTTP/1.1\r\n" + _HOST + b"\r\n"
    answer = serve_once.send_raw(b"POST /v1/a HTTP/1.1\r\n" + _HOST + head + b"\r\n0\r\n\r\n" + smuggled)
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", answer)
    assert statuses in ([b"400"], [b"501"]), answer


@pytest.mark.parametrize("head", [b"", b"Content-Length: 0\r\n"])
def test_a_pipelined_request_is_its_own(serve_once: Served, head: bytes) -> None:
    """The other side of the claim above: what is clear is served."""
    one = b"GET /v1/a HTTP/1.1\r\n" + _HOST + head + b"\r\n"
    assert serve_once.send_raw(one + one).count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    "data",
    [
        b"GET http://evil.example/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /v1/../admin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /v1 HTTP/1.0\r\n\r\n",
        b"GET /v1 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_to_us_is_refused(serve_once: Served, data: bytes) -> None:
    """In a line, and the server goes on."""
    answer = serve_once.send_raw(data)
    assert re.match(rb"HTTP/1\.1 4\d\d", answer), answer
    assert b"Traceback" not in answer
    assert serve_once.ask("GET", "/healthz").status_code == 200


def test_a_chunked_body_comes_through(serve_once: Served) -> None:
    """As clients send what they do not know the length of."""
    answer = httpx2.post(f"{serve_once.url}/v1/x", content=iter([b"ab", b"cde"]))
    assert answer.json() == {"bytes": 5}


@pytest.fixture(scope="module")
def serve_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return one server for all tests that only ask it."""
    served = Served(tmp_path_factory.mktemp("served"), {})
    yield served
    served.process.terminate()
    served.process.communicate(timeout=30)


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """With what to do next."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        options = ServeOptions(upstreams=(UPSTREAM,), memory=tmp_path / "m.db", port=taken.getsockname()[1])
        with pytest.raises(ServeError, match="is in use; stop what listens there, or give another by --port"):
            run_server(options, make_app=make_app)


def test_a_host_that_is_not_here_is_one_line(tmp_path: Path) -> None:
    """An address of another machine, and a name that is none."""
    keys = tmp_path / "keys"
    keys.write_text("ada:" + "k" * 16)
    keys.chmod(0o600)
    for host in ["192.0.2.1", "no such name", "ü" * 70]:
        options = ServeOptions(
            upstreams=(UPSTREAM,), memory=tmp_path / "m.db", host=host, key_file=keys, port=0
        )
        with pytest.raises(ServeError, match="is no address of this machine"):
            run_server(options, make_app=make_app)


def test_a_server_that_is_its_own_upstream_is_refused(tmp_path: Path) -> None:
    """Each request would come back for ever."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    itself = Upstream(url=f"http://localhost:{port}/v1")
    with pytest.raises(ServeError, match="this server itself"):
        run_server(ServeOptions(upstreams=(itself,), memory=tmp_path / "m.db", port=port), make_app=make_app)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"host": "::"}, "give a file of keys"),
        ({"host": "192.168.1.5"}, "give a file of keys"),
        ({"upstreams": (), "web": False}, "no upstream"),
        ({"port": 70_000}, "port=70000"),
        ({"workers": 0}, "workers=0"),
        ({"grace_s": -1.0}, "grace_s"),
        ({"max_body_bytes": 0}, "max_body_bytes"),
        ({"allow_origins": ("*",)}, "is no site"),
        ({"allow_hosts": ("*",)}, "is no host's name"),
        ({"allow_hosts": ("http://gpu1/",)}, "without http:// and port"),
        ({"allow_hosts": ("host.docker.internal:8400",)}, "without http:// and port"),
    ],
)
def test_wrong_options_are_one_line(fields: dict[str, object], said: str) -> None:
    """Found before anything is opened."""
    with pytest.raises(ServeError, match=re.escape(said)):
        ServeOptions(**{"upstreams": (UPSTREAM,), **fields})  # type: ignore[arg-type]  # which is the point
