"""What is sent to a model: contexts of messages, text and pages, and how a fold becomes one.

Joins fold and typeset: `Binder` draws the pages of seals and counts them, `write_context` orders what is sent.
"""

from glyph_memory.context.assemble import GOES_ON as GOES_ON
from glyph_memory.context.assemble import Parts as Parts
from glyph_memory.context.assemble import build_sealed_parts as build_sealed_parts
from glyph_memory.context.binder import Binder as Binder
from glyph_memory.context.binder import Occurrences as Occurrences
from glyph_memory.context.cache import ImageCache as ImageCache
from glyph_memory.context.cache import LruCache as LruCache
from glyph_memory.context.cache import RecentImages as RecentImages
from glyph_memory.context.folder_cache import Drafts as Drafts
from glyph_memory.context.folder_cache import FolderCache as FolderCache
from glyph_memory.context.messages import Context as Context
from glyph_memory.context.messages import ImagePart as ImagePart
from glyph_memory.context.messages import Message as Message
from glyph_memory.context.options import Captions as Captions
from glyph_memory.context.options import PageOptionFields as PageOptionFields
from glyph_memory.context.options import PageOptions as PageOptions
from glyph_memory.context.quote import quote_turns as quote_turns
from glyph_memory.context.tail import OPENING as OPENING
from glyph_memory.context.tail import RESULT as RESULT
from glyph_memory.context.tail import orphan_line as orphan_line
from glyph_memory.context.tail import pair_calls as pair_calls
from glyph_memory.context.tail import unanswered_line as unanswered_line
from glyph_memory.context.write import context_from_turns as context_from_turns
from glyph_memory.context.write import context_tokens as context_tokens
from glyph_memory.context.write import repeat_turns as repeat_turns
from glyph_memory.context.write import write_context as write_context
