"""One memory for every client: a proxy between any client and a model's server, a web page, and tools over MCP.

What is sent is decided by `Folding`, as everywhere; nothing of folding is written again here. Needs the extra `serve`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from glyph_memory.serve.options import ServeError as ServeError
from glyph_memory.serve.options import ServeOptions as ServeOptions
from glyph_memory.serve.options import Upstream as Upstream
from glyph_memory.serve.record import RequestRecord as RequestRecord

if TYPE_CHECKING:
    from glyph_memory.serve.app import create_app as create_app
    from glyph_memory.serve.edge.run import run_server as run_server

_LATER = {"create_app": "app", "run_server": "edge.run"}
"""Names that need the extra, and the modules that they are loaded from on first use."""

if not TYPE_CHECKING:  # else a checker would take any misspelled name

    def __getattr__(name: str) -> object:
        """Load what serves on first use: the command line's options need no web framework."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        globals()[name] = found
        return found
