"""One memory for every client: a proxy between any client and a model's server, a web page, and tools over MCP.

What is sent is decided by `Folding`, as everywhere; nothing of folding is written again here. Needs the extra `serve`.
"""

from glyph_memory.serve.options import ServeError as ServeError
from glyph_memory.serve.options import ServeOptions as ServeOptions
from glyph_memory.serve.options import Upstream as Upstream
