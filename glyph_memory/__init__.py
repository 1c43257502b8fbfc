"""Long memory for self-hosted vision-language models.

`GlyphMemory` keeps a conversation whole and shows a model its old turns as pages; `typeset` turns text into pages,
`ModelProfile` counts what they cost, `OpenAIReader` has a model read them. Start with `GlyphMemory.open("chat.db")`,
or with `glyph-memory demo` on the command line.

Public are the names here, each loaded on first use, and these packages: `glyph_memory.documents` reads files of any
format, `glyph_memory.evaluate` measures what readers make of pages, `glyph_memory.nano` reads pages without a model,
`glyph_memory.windows` has a model read what is longer than its window, `glyph_memory.tokens` has the rules and counters
for a profile of your own, and `glyph_memory.testing` has doubles for tests. All other modules are private.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glyph_memory.context import SHOWN_BELOW as SHOWN_BELOW
    from glyph_memory.context import AttachmentPart as AttachmentPart
    from glyph_memory.context import Binder as Binder
    from glyph_memory.context import Captions as Captions
    from glyph_memory.context import Context as Context
    from glyph_memory.context import DecayRule as DecayRule
    from glyph_memory.context import ImageCache as ImageCache
    from glyph_memory.context import ImagePart as ImagePart
    from glyph_memory.context import JoinUsers as JoinUsers
    from glyph_memory.context import Loss as Loss
    from glyph_memory.context import LossKind as LossKind
    from glyph_memory.context import Message as Message
    from glyph_memory.context import Occurrences as Occurrences
    from glyph_memory.context import PageKeeper as PageKeeper
    from glyph_memory.context import PageOptionFields as PageOptionFields
    from glyph_memory.context import PageOptions as PageOptions
    from glyph_memory.context import Part as Part
    from glyph_memory.context import Parts as Parts
    from glyph_memory.context import PlannedMessage as PlannedMessage
    from glyph_memory.context import PlannedTurn as PlannedTurn
    from glyph_memory.context import RequestPlan as RequestPlan
    from glyph_memory.context import ReuseCache as ReuseCache
    from glyph_memory.context import TerminalEscapes as TerminalEscapes
    from glyph_memory.context import Text as Text
    from glyph_memory.context import TextCleaner as TextCleaner
    from glyph_memory.context import TextKind as TextKind
    from glyph_memory.context import TokenCounts as TokenCounts
    from glyph_memory.context import context_from_messages as context_from_messages
    from glyph_memory.context import context_from_turns as context_from_turns
    from glyph_memory.context import explain_page as explain_page
    from glyph_memory.context import image_part as image_part
    from glyph_memory.context import purge_pages as purge_pages
    from glyph_memory.context import warn_of_losses as warn_of_losses
    from glyph_memory.context import write_plan as write_plan
    from glyph_memory.document import Document as Document
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
    from glyph_memory.errors import TurnError as TurnError
    from glyph_memory.errors import warn as warn
    from glyph_memory.files import find_folder_fault as find_folder_fault
    from glyph_memory.files import make_private_folder as make_private_folder
    from glyph_memory.files import write_atomic as write_atomic
    from glyph_memory.focusing import EmbeddingRanker as EmbeddingRanker
    from glyph_memory.focusing import Focus as Focus
    from glyph_memory.focusing import FocusForm as FocusForm
    from glyph_memory.focusing import FocusLine as FocusLine
    from glyph_memory.focusing import FocusSource as FocusSource
    from glyph_memory.focusing import FusedRanker as FusedRanker
    from glyph_memory.focusing import LineRanker as LineRanker
    from glyph_memory.focusing import SourceLine as SourceLine
    from glyph_memory.focusing import WordRanker as WordRanker
    from glyph_memory.focusing import focus as focus
    from glyph_memory.folding import Choice as Choice
    from glyph_memory.folding import Costs as Costs
    from glyph_memory.folding import Decay as Decay
    from glyph_memory.folding import DrawnRun as DrawnRun
    from glyph_memory.folding import Fold as Fold
    from glyph_memory.folding import FoldPolicy as FoldPolicy
    from glyph_memory.folding import PageCapacity as PageCapacity
    from glyph_memory.folding import PromptTokens as PromptTokens
    from glyph_memory.folding import RecentTurn as RecentTurn
    from glyph_memory.folding import Seal as Seal
    from glyph_memory.folding import SealedAttachment as SealedAttachment
    from glyph_memory.folding import SealedCall as SealedCall
    from glyph_memory.folding import SealedPage as SealedPage
    from glyph_memory.folding import SealedPicture as SealedPicture
    from glyph_memory.folding import SealKind as SealKind
    from glyph_memory.folding import ServerPrices as ServerPrices
    from glyph_memory.folding import ShownForm as ShownForm
    from glyph_memory.folding import SizeChoice as SizeChoice
    from glyph_memory.folding import Stretches as Stretches
    from glyph_memory.folding import TailSums as TailSums
    from glyph_memory.folding import TimedPrompt as TimedPrompt
    from glyph_memory.folding import UnseenForm as UnseenForm
    from glyph_memory.folding import Workload as Workload
    from glyph_memory.folding import choose_for_prices as choose_for_prices
    from glyph_memory.folding import decide_decay as decide_decay
    from glyph_memory.folding import fit_prices as fit_prices
    from glyph_memory.folding import fold as fold
    from glyph_memory.ledger import quote_identifiers as quote_identifiers
    from glyph_memory.locks import ForkSafeLock as ForkSafeLock
    from glyph_memory.memory import Bookmark as Bookmark
    from glyph_memory.memory import CallReport as CallReport
    from glyph_memory.memory import CodeAnswer as CodeAnswer
    from glyph_memory.memory import CodeOutcome as CodeOutcome
    from glyph_memory.memory import FoldedHistory as FoldedHistory
    from glyph_memory.memory import Folding as Folding
    from glyph_memory.memory import GlyphMemory as GlyphMemory
    from glyph_memory.memory import KeptMessage as KeptMessage
    from glyph_memory.memory import MemoryReport as MemoryReport
    from glyph_memory.memory import OpenKeywords as OpenKeywords
    from glyph_memory.memory import Passage as Passage
    from glyph_memory.memory import Place as Place
    from glyph_memory.memory import ReadingCheck as ReadingCheck
    from glyph_memory.memory import ReadingRate as ReadingRate
    from glyph_memory.memory import RecallWriter as RecallWriter
    from glyph_memory.memory import Redact as Redact
    from glyph_memory.memory import SearchableHistory as SearchableHistory
    from glyph_memory.memory import ZoomExcerpt as ZoomExcerpt
    from glyph_memory.memory import ZoomResult as ZoomResult
    from glyph_memory.memory import redact_texts as redact_texts
    from glyph_memory.messages import AnyMessage as AnyMessage
    from glyph_memory.messages import AnyMessages as AnyMessages
    from glyph_memory.messages import SupportsModelDump as SupportsModelDump
    from glyph_memory.messages import read_message as read_message
    from glyph_memory.messages import read_messages as read_messages
    from glyph_memory.packing import PackedPage as PackedPage
    from glyph_memory.packing import pack as pack
    from glyph_memory.packing import repack as repack
    from glyph_memory.page import Box as Box
    from glyph_memory.page import Escape as Escape
    from glyph_memory.page import EscapeReason as EscapeReason
    from glyph_memory.page import Line as Line
    from glyph_memory.page import Page as Page
    from glyph_memory.page import pixel_digest as pixel_digest
    from glyph_memory.readers import ImageUuids as ImageUuids
    from glyph_memory.readers import LateReader as LateReader
    from glyph_memory.readers import OpenAIReader as OpenAIReader
    from glyph_memory.readers import OutOfMemory as OutOfMemory
    from glyph_memory.readers import Overflow as Overflow
    from glyph_memory.readers import Reader as Reader
    from glyph_memory.readers import Reading as Reading
    from glyph_memory.readers import ReadingDelta as ReadingDelta
    from glyph_memory.readers import SamplingFields as SamplingFields
    from glyph_memory.readers import ServedModel as ServedModel
    from glyph_memory.readers import TellsBusy as TellsBusy
    from glyph_memory.readers import Timing as Timing
    from glyph_memory.readers import ToWarm as ToWarm
    from glyph_memory.readers import TransformersReader as TransformersReader
    from glyph_memory.readers import Usage as Usage
    from glyph_memory.readers import Warmer as Warmer
    from glyph_memory.readers import afind_served_model as afind_served_model
    from glyph_memory.readers import find_served_model as find_served_model
    from glyph_memory.readers import overflows_window as overflows_window
    from glyph_memory.readers import refuses_images as refuses_images
    from glyph_memory.readers import time_reading as time_reading
    from glyph_memory.readers import with_sampling as with_sampling
    from glyph_memory.secrets import RuleFinder as RuleFinder
    from glyph_memory.secrets import SecretFinder as SecretFinder
    from glyph_memory.secrets import SecretFinding as SecretFinding
    from glyph_memory.secrets import SecretGuard as SecretGuard
    from glyph_memory.secrets import SecretMode as SecretMode
    from glyph_memory.secrets import without_locals as without_locals
    from glyph_memory.secrets import without_locals_async as without_locals_async
    from glyph_memory.store import BackupCheck as BackupCheck
    from glyph_memory.store import ExpiredSession as ExpiredSession
    from glyph_memory.store import Finding as Finding
    from glyph_memory.store import FindingKind as FindingKind
    from glyph_memory.store import KnownIdentifier as KnownIdentifier
    from glyph_memory.store import ServerOptions as ServerOptions
    from glyph_memory.store import SessionInfo as SessionInfo
    from glyph_memory.store import Store as Store
    from glyph_memory.store import StoreCheck as StoreCheck
    from glyph_memory.store import StoreRepair as StoreRepair
    from glyph_memory.store import backup_store as backup_store
    from glyph_memory.store import check_backup as check_backup
    from glyph_memory.store import check_store as check_store
    from glyph_memory.store import repair_store as repair_store
    from glyph_memory.store import restore_store as restore_store
    from glyph_memory.style import Alignment as Alignment
    from glyph_memory.style import Calibrated as Calibrated
    from glyph_memory.style import DocumentLook as DocumentLook
    from glyph_memory.style import KindLimit as KindLimit
    from glyph_memory.style import Layout as Layout
    from glyph_memory.style import LetterCounts as LetterCounts
    from glyph_memory.style import PageStyle as PageStyle
    from glyph_memory.style import PageTaker as PageTaker
    from glyph_memory.style import ReadingLimits as ReadingLimits
    from glyph_memory.tokens import Encoding as Encoding
    from glyph_memory.tokens import ImageRule as ImageRule
    from glyph_memory.tokens import ModelProfile as ModelProfile
    from glyph_memory.tokens import Size as Size
    from glyph_memory.tokens import TextCounter as TextCounter
    from glyph_memory.transcript import Attachment as Attachment
    from glyph_memory.transcript import Role as Role
    from glyph_memory.transcript import ToolCall as ToolCall
    from glyph_memory.transcript import Transcript as Transcript
    from glyph_memory.transcript import Turn as Turn
    from glyph_memory.typesetting import ImageTokens as ImageTokens
    from glyph_memory.typesetting import fit_style as fit_style
    from glyph_memory.typesetting import iter_pages as iter_pages
    from glyph_memory.typesetting import style_fingerprint as style_fingerprint
    from glyph_memory.typesetting import typeset as typeset

__version__ = "0.1.0"

_NAMES = {
    "context": (
        "AttachmentPart Binder Captions Context DecayRule ImageCache ImagePart JoinUsers Loss LossKind Message "
        "Occurrences PageKeeper PageOptionFields PageOptions Part Parts PlannedMessage PlannedTurn RequestPlan "
        "ReuseCache SHOWN_BELOW TerminalEscapes Text TextCleaner TextKind TokenCounts context_from_messages "
        "context_from_turns explain_page image_part purge_pages warn_of_losses write_plan"
    ),
    "document": "Document",
    "documents": "read_document",
    "errors": (
        "BadReading DocumentError FontError GlyphMemoryError GlyphMemoryWarning PolicyError "
        "ProfileError ReaderError ReaderOverflow ReaderRefused ReaderUnavailable StoreBusy "
        "StoreError StyleError TurnError warn"
    ),
    "files": "find_folder_fault make_private_folder write_atomic",
    "focusing": (
        "EmbeddingRanker Focus FocusForm FocusLine FocusSource FusedRanker LineRanker SourceLine WordRanker focus"
    ),
    "folding": (
        "Choice Costs Decay DrawnRun Fold FoldPolicy PageCapacity PromptTokens RecentTurn Seal SealKind "
        "SealedAttachment SealedCall SealedPage SealedPicture ServerPrices ShownForm SizeChoice Stretches TailSums "
        "TimedPrompt UnseenForm Workload choose_for_prices decide_decay fit_prices fold"
    ),
    "ledger": "quote_identifiers",
    "locks": "ForkSafeLock",
    "memory": (
        "Bookmark CallReport CodeAnswer CodeOutcome FoldedHistory Folding GlyphMemory KeptMessage MemoryReport "
        "OpenKeywords Passage Place ReadingCheck ReadingRate RecallWriter Redact SearchableHistory ZoomExcerpt "
        "ZoomResult redact_texts"
    ),
    "messages": "AnyMessage AnyMessages SupportsModelDump read_message read_messages",
    "packing": "PackedPage pack repack",
    "page": "Box Escape EscapeReason Line Page pixel_digest",
    "readers": (
        "ImageUuids LateReader OpenAIReader OutOfMemory Overflow Reader Reading ReadingDelta SamplingFields "
        "ServedModel TellsBusy Timing ToWarm TransformersReader Usage Warmer afind_served_model find_served_model "
        "overflows_window refuses_images time_reading with_sampling"
    ),
    "secrets": "RuleFinder SecretFinder SecretFinding SecretGuard SecretMode without_locals without_locals_async",
    "store": (
        "BackupCheck ExpiredSession Finding FindingKind KnownIdentifier ServerOptions SessionInfo Store StoreCheck "
        "StoreRepair backup_store check_backup check_store repair_store restore_store"
    ),
    "style": "Alignment Calibrated DocumentLook KindLimit Layout LetterCounts PageStyle PageTaker ReadingLimits",
    "tokens": "Encoding ImageRule ModelProfile Size TextCounter",
    "transcript": "Attachment Role ToolCall Transcript Turn",
    "typesetting": "ImageTokens fit_style iter_pages style_fingerprint typeset",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [*_MODULES, "__version__"]  # noqa: PLE0604 - names from a table, which a test holds against the imports above


if not TYPE_CHECKING:  # else a checker would take any misspelled name

    def __getattr__(name: str) -> object:
        """Load a public name on first use: who typesets a page need not wait for a database or an HTTP client."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
