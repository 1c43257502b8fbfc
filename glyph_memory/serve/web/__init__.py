"""The web page and the interface behind it: documents as pages, chats that remember, conversations to watch.

Knows HTTP, the loader, memories and readers; knows nothing about how the proxy folds what clients send.
"""

from glyph_memory.serve.web.api import create_web_api as create_web_api
from glyph_memory.serve.web.context import FoundModels as FoundModels
from glyph_memory.serve.web.context import RecordSource as RecordSource
from glyph_memory.serve.web.context import WebContext as WebContext
from glyph_memory.serve.web.page import page_routes as page_routes
