"""The memory as tools over MCP: any client that speaks it can remember, recall, and have documents drawn as pages.

Needs the extra `mcp`. Nothing of the memory is written again here: tools call `GlyphMemory`, pages come from a context.
"""

from glyph_memory.serve.edge.keys import Keys as Keys
from glyph_memory.serve.mcp.calls import Calls as Calls
from glyph_memory.serve.mcp.run import run_http as run_http
from glyph_memory.serve.mcp.run import run_stdio as run_stdio
from glyph_memory.serve.mcp.server import create_mcp_server as create_mcp_server
