"""Chat messages of others as turns: OpenAI's, Anthropic's, LangChain's and ShareGPT's spelling, and our own.

Knows what messages look like as plain values and as JSON; knows nothing about stores, pages or frameworks.
"""

from glyph_memory.messages.check import check_turn as check_turn
from glyph_memory.messages.fields import write_fields as write_fields
from glyph_memory.messages.keys import message_gist as message_gist
from glyph_memory.messages.keys import message_key as message_key
from glyph_memory.messages.keys import message_name as message_name
from glyph_memory.messages.many import AnyMessage as AnyMessage
from glyph_memory.messages.many import AnyMessages as AnyMessages
from glyph_memory.messages.many import iter_messages as iter_messages
from glyph_memory.messages.many import read_message as read_message
from glyph_memory.messages.many import read_messages as read_messages
from glyph_memory.messages.values import SupportsModelDump as SupportsModelDump
