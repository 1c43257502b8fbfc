"""Which conversation a request goes on with, and what is sent of it. Knows units and the store, and no HTTP."""

from glyph_memory.serve.conversations.folder import ConversationFolder as ConversationFolder
from glyph_memory.serve.conversations.request import AskedRequest as AskedRequest
from glyph_memory.serve.conversations.request import FoldedRequest as FoldedRequest
