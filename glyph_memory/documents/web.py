"""Read a document from a web server, wherever it is sent on to; never from a private network that is not allowed.

Each host's name is resolved once and checked, and the connection goes to the address that was checked. Knows HTTP;
knows nothing about formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from glyph_memory.document import Defect
from glyph_memory.documents.encodings import is_encoding
from glyph_memory.documents.hosts import resolve
from glyph_memory.documents.options import LoadOptions
from glyph_memory.documents.source import Source
from glyph_memory.errors import DocumentError, show_value

if TYPE_CHECKING:
    import httpx2

_REDIRECTS = 10
_HEADERS = {"User-Agent": "glyph-memory", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
_SLOWEST = 1_000
"""Bytes a second; who sends less, after a while, holds us up on purpose."""
_PORTS = {"http": 80, "https": 443}
_ADVICE = {
    401: "it wants a password; put it into the address, https://user:password@…",
    403: "it may not be read by you",
    404: "is the address spelled right?",
    410: "it is gone",
    429: "you asked too often; try later",
}


@dataclass(kw_only=True, slots=True)
class _Request:
    """One document that is asked for."""

    address: str = field(repr=False)
    shown: str
    options: LoadOptions
    show: Callable[[str], str]
    media_type: str = ""
    charset: str = ""

    def read(self) -> Iterator[bytes]:
        """Yield an empty block once the server has answered, then the document's blocks."""
        import httpx2  # noqa: PLC0415 - heavy, and only addresses need it

        timeout = self.options.limits.timeout_s
        try:
            # No proxies and passwords from the environment: a proxy resolves names by itself, unchecked.
            with httpx2.Client(timeout=timeout, trust_env=False, headers=_HEADERS) as client:
                url: httpx2.URL | None = httpx2.URL(self.address)
                for _ in range(_REDIRECTS + 1):
                    assert url is not None  # noqa: S101 - for the type checker
                    response = self._ask(client, url)
                    try:
                        url = self._find_next(response, url)
                        if url is None:
                            yield from self._read_answer(response)
                            return
                    finally:
                        response.close()
            raise DocumentError(
                f"{self.shown!r} is sent on more than {_REDIRECTS} times; give where it leads"
            )
        except httpx2.TimeoutException as error:
            raise DocumentError(
                f"no answer from {self.shown!r} within {timeout:g} s; try again, or raise the limit: "
                "Limits(timeout_s=120)"
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError) as error:
            reason = str(error).replace(self.address, self.shown) or type(error).__name__
            raise DocumentError(f"cannot read {self.shown!r}: {reason}") from None

    def _ask(self, client: httpx2.Client, url: httpx2.URL) -> httpx2.Response:
        """Return the answer for one address, from a host that was checked; whoever asks closes it."""
        import httpx2  # noqa: PLC0415 - as above

        if url.scheme not in _PORTS or not url.host:
            raise DocumentError(f"{self.shown!r} leads to {self.show(str(url))!r}, which is no web address")
        port = url.port or _PORTS[url.scheme]
        addresses = resolve(url.host, port, allowed=self.options.allow_hosts)
        failed: httpx2.TransportError | None = None
        for address in addresses:
            headers = {"Host": url.netloc.decode("ascii")}
            extensions = {"sni_hostname": url.host}  # whose certificate is asked for and checked
            request = client.build_request(
                "GET",
                url.copy_with(host=address, username="", password=""),
                headers=headers,
                extensions=extensions,
            )
            auth = httpx2.BasicAuth(url.username, url.password) if url.userinfo else None
            try:
                return client.send(request, stream=True, auth=auth, follow_redirects=False)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:  # another address may be reached
                failed = error
        raise failed or DocumentError(f"there is no host {url.host!r}; is the address spelled right?")

    def _find_next(self, response: httpx2.Response, url: httpx2.URL) -> httpx2.URL | None:
        """Return where an answer sends us on; None where it is the document."""
        location = response.headers.get("location")
        if response.status_code in {301, 302, 303, 307, 308} and location:
            return url.copy_with(username="", password="").join(location)
        if response.status_code != 200:
            advice = _ADVICE.get(response.status_code, "try later, or open it in a browser")
            raise DocumentError(f"the server of {self.shown!r} answers {response.status_code}; {advice}")
        return None

    def _read_answer(self, response: httpx2.Response) -> Iterator[bytes]:
        media_type, _, _ = response.headers.get("content-type", "").partition(";")
        self.media_type, self.charset = media_type.strip().lower(), response.charset_encoding or ""
        yield b""
        held, most, began = 0, self.options.limits.file_bytes, monotonic()
        for block in response.iter_bytes():
            held += len(block)
            if monotonic() - began > self.options.limits.timeout_s + held / _SLOWEST:
                raise DocumentError(
                    f"{self.shown!r} sends less than {_SLOWEST:,} bytes a second; try later, or fetch it yourself"
                )
            if held > most:
                raise make_overflow(self.shown, most)
            yield block


def open_web(address: str, encoding: str, options: LoadOptions, *, show: Callable[[str], str]) -> Source:
    """Ask a web server for a document, and read its first block.

    Args:
        address: `http://…` or `https://…`.
        encoding: As for a file.
        options: Which hosts may be asked, how long, and how much may come.
        show: Returns an address for messages, without what is secret.

    Raises:
        DocumentError: It cannot be read or may not be; while reading on, too.
    """
    request = _Request(address=address, shown=show(address), options=options, show=show)
    blocks = request.read()
    next(blocks, None)
    head = _fill_head(blocks)
    defects = dict[str, Defect]()
    if request.charset and not is_encoding(request.charset):
        message = f"the server names an encoding {show_value(request.charset)} that is unknown"
        defects["charset"] = Defect(kind="guessed", message=message)
    return Source(
        path=request.shown,
        head=head,
        rest=blocks,
        encoding=encoding,
        media_type=request.media_type,
        charset=request.charset,
        defects=defects,
    )


def _fill_head(blocks: Iterator[bytes]) -> bytes:
    """Return enough to tell the format by: what comes over a network comes in small pieces."""
    head = b""
    while len(head) < _HEAD and (block := next(blocks, b"")):
        head += block
    return head


_HEAD = 1 << 16


def make_overflow(shown: str, most: int) -> DocumentError:
    """Return the error for an address that sends too much."""
    return DocumentError(
        f"{shown!r} sends more than {most:,} bytes; raise the limit, as in "
        f"LoadOptions(limits=Limits(file_bytes={2 * most}))"
    )
