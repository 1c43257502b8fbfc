"""`glyph-memory mcp`: the memory as tools over MCP. Standard output is the protocol's: nothing is printed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from glyph_memory.cli import terminal
from glyph_memory.cli.memories import Place, open_as_before
from glyph_memory.errors import GlyphMemoryError
from glyph_memory.memory import GlyphMemory
from glyph_memory.store import Store


def run(
    place: Place,
    *,
    all_sessions: bool,
    secrets: str,
    folders: Sequence[Path],
    address: tuple[str, int] | None,
    key_file: Path | None,
) -> None:
    """Serve until the client goes, or Ctrl-C.

    Args:
        place: Where turns are kept, and the session that is meant where none is named.
        all_sessions: Whether others may be named.
        secrets: What is done about secrets in what is stored.
        folders: Below which documents may be read.
        address: Where HTTP is served; standard input and output where None.
        key_file: Who may ask over HTTP.

    Raises:
        GlyphMemoryError: The database cannot be opened, a folder is none, the address cannot be listened on, a key
            file is wrong, or the extra is missing.
    """
    try:
        from glyph_memory.serve.edge.keys import Keys  # noqa: PLC0415
        from glyph_memory.serve.mcp import Calls, create_mcp_server, run_http, run_stdio  # noqa: PLC0415  heavy
    except ImportError as error:
        raise GlyphMemoryError(
            "this command needs the MCP SDK, which is not installed. Try: pip install 'glyph-memory[mcp]'"
        ) from error

    if key_file is not None and address is None:
        raise GlyphMemoryError(
            "--key-file is for --http: standard input and output have one client, which started it"
        )
    keys = None if key_file is None else Keys.read(key_file)

    def open_session(store: Store, name: str) -> GlyphMemory:
        return open_as_before(store, replace(place, session=name), secrets=secrets)

    calls = Calls()
    with Store.open(place.memory) as store:
        open_session(store, place.session)  # what is wrong with it is told now, and not with the first call
        server = create_mcp_server(
            store,
            session=place.session,
            all_sessions=all_sessions,
            folders=folders,
            open_session=open_session,
            calls=calls,
        )
        if address is None:
            run_stdio(server, calls=calls, close=store.close)
        else:
            run_http(
                server,
                host=address[0],
                port=address[1],
                keys=keys,
                ready=lambda where: terminal.print_note(f"MCP at {where}; Ctrl-C ends it."),
            )
