"""Where a database is, told so that it is found from any folder. Opens nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from glyph_memory import StoreError


def to_absolute(url: str | Path) -> str:
    """Return the address of an SQLite file so that it leads there from any folder; any other as it is.

    `~` is the user's home, in paths and in URLs.

    Raises:
        StoreError: It is no text.
    """
    if not isinstance(url, str | Path):
        raise StoreError(f"a database is called {url!r}; give a path such as 'chat.db', or ':memory:'")
    if isinstance(url, Path):
        return _to_absolute_path(str(url))
    if "://" not in url:
        return url if url in {"", ":memory:"} else _to_absolute_path(url)
    scheme, _, rest = url.partition(":///")
    name, mark, query = rest.partition("?")
    is_file = scheme.partition("+")[0] == "sqlite" and name not in {"", ":memory:", "file::memory:"}
    if not is_file or "mode=memory" in query:
        return url
    start = "file:" if name.startswith("file:") and "uri=" in query else ""
    return f"{scheme}:///{start}{_to_absolute_path(name.removeprefix(start))}{mark}{query}"


def is_in_memory(url: str) -> bool:
    """Return whether an address is that of an SQLite database in memory, which each connection has for itself."""
    scheme, _, rest = url.partition("://")
    return url == ":memory:" or (scheme.partition("+")[0] == "sqlite" and rest in {"", "/", "/:memory:"})


def _to_absolute_path(name: str) -> str:
    path = Path(name)
    with suppress(RuntimeError):  # nobody of that name has a home here: it is a name like others
        path = path.expanduser()
    return str(path.absolute())
