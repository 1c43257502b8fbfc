"""Long memory for self-hosted vision-language models.

`GlyphMemory` keeps a conversation whole and shows a model its old turns as pages; `typeset` turns text into pages,
`ModelProfile` counts what they cost, `OpenAIReader` has a model read them. Start with `GlyphMemory.open("chat.db")`,
or with `glyph-memory demo` on the command line.
"""

from glyph_memory.context import Binder as Binder
from glyph_memory.context import Context as Context
from glyph_memory.context import ImagePart as ImagePart
from glyph_memory.context import Message as Message
from glyph_memory.context import PlannedMessage as PlannedMessage
from glyph_memory.context import PlannedTurn as PlannedTurn
from glyph_memory.context import RequestPlan as RequestPlan
from glyph_memory.context import Text as Text
from glyph_memory.context import TextCleaner as TextCleaner
from glyph_memory.context import TokenCounts as TokenCounts
from glyph_memory.context import context_from_turns as context_from_turns
from glyph_memory.documents import read_document as read_document
from glyph_memory.errors import BadReading as BadReading
from glyph_memory.errors import DocumentError as DocumentError
from glyph_memory.errors import FontError as FontError
from glyph_memory.errors import GlyphMemoryError as GlyphMemoryError
from glyph_memory.errors import GlyphMemoryWarning as GlyphMemoryWarning
from glyph_memory.errors import PolicyError as PolicyError
from glyph_memory.errors import ProfileError as ProfileError
from glyph_memory.errors import ReaderError as ReaderError
from glyph_memory.errors import ReaderOverflow as ReaderOverflow
from glyph_memory.errors import ReaderRefused as ReaderRefused
from glyph_memory.errors import ReaderUnavailable as ReaderUnavailable
from glyph_memory.errors import StoreBusy as StoreBusy
from glyph_memory.errors import StoreError as StoreError
from glyph_memory.errors import StyleError as StyleError
from glyph_memory.folding import Fold as Fold
from glyph_memory.folding import FoldPolicy as FoldPolicy
from glyph_memory.folding import Seal as Seal
from glyph_memory.folding import fold as fold
from glyph_memory.ledger import quote_identifiers as quote_identifiers
from glyph_memory.memory import Bookmark as Bookmark
from glyph_memory.memory import FoldedHistory as FoldedHistory
from glyph_memory.memory import Folding as Folding
from glyph_memory.memory import GlyphMemory as GlyphMemory
from glyph_memory.memory import KeptMessage as KeptMessage
from glyph_memory.memory import MemoryReport as MemoryReport
from glyph_memory.memory import Passage as Passage
from glyph_memory.memory import ZoomResult as ZoomResult
from glyph_memory.packing import PackedPage as PackedPage
from glyph_memory.packing import pack as pack
from glyph_memory.packing import repack as repack
from glyph_memory.page import Escape as Escape
from glyph_memory.page import Line as Line
from glyph_memory.page import Page as Page
from glyph_memory.page import pixel_digest as pixel_digest
from glyph_memory.readers import OpenAIReader as OpenAIReader
from glyph_memory.readers import Reader as Reader
from glyph_memory.readers import Reading as Reading
from glyph_memory.readers import ReadingDelta as ReadingDelta
from glyph_memory.readers import refuses_images as refuses_images
from glyph_memory.style import PageStyle as PageStyle
from glyph_memory.tokens import ModelProfile as ModelProfile
from glyph_memory.transcript import Document as Document
from glyph_memory.transcript import ToolCall as ToolCall
from glyph_memory.transcript import Transcript as Transcript
from glyph_memory.transcript import Turn as Turn
from glyph_memory.typesetting import iter_pages as iter_pages
from glyph_memory.typesetting import style_fingerprint as style_fingerprint
from glyph_memory.typesetting import typeset as typeset

__version__ = "0.1.0"
