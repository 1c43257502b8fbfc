"""What is sent to a model: contexts of messages, text and pages, and how a fold becomes one.

Joins fold and typeset: `Binder` draws the pages of seals and counts them, `plan_request` decides what a request is made
of, `write_context` spells it. All words of ours are in `wording`.
"""

from glyph_memory.context.binder import Binder as Binder
from glyph_memory.context.cache import Drafts as Drafts
from glyph_memory.context.cache import ImageCache as ImageCache
from glyph_memory.context.cache import RecentImages as RecentImages
from glyph_memory.context.cache import ReuseCache as ReuseCache
from glyph_memory.context.canaries import CODE_LENGTH as CODE_LENGTH
from glyph_memory.context.canaries import CODE_LETTERS as CODE_LETTERS
from glyph_memory.context.canaries import find_codes as find_codes
from glyph_memory.context.chat import context_from_messages as context_from_messages
from glyph_memory.context.chat import image_part as image_part
from glyph_memory.context.cleaning import TextCleaner as TextCleaner
from glyph_memory.context.cleaning import quote_turns as quote_turns
from glyph_memory.context.counting import TokenCounts as TokenCounts
from glyph_memory.context.decay_rule import OLD as OLD
from glyph_memory.context.decay_rule import DecayRule as DecayRule
from glyph_memory.context.decay_rule import check_denser as check_denser
from glyph_memory.context.folder_cache import FolderCache as FolderCache
from glyph_memory.context.folder_cache import find_digests as find_digests
from glyph_memory.context.folder_cache import pages_folder as pages_folder
from glyph_memory.context.identifiers import Occurrences as Occurrences
from glyph_memory.context.losses import Loss as Loss
from glyph_memory.context.losses import LossKind as LossKind
from glyph_memory.context.losses import warn_of_losses as warn_of_losses
from glyph_memory.context.messages import AttachmentPart as AttachmentPart
from glyph_memory.context.messages import Context as Context
from glyph_memory.context.messages import ImagePart as ImagePart
from glyph_memory.context.messages import Message as Message
from glyph_memory.context.messages import Part as Part
from glyph_memory.context.messages import Parts as Parts
from glyph_memory.context.messages import Text as Text
from glyph_memory.context.messages import TextKind as TextKind
from glyph_memory.context.messages import count_bytes as count_bytes
from glyph_memory.context.option_fields import Captions as Captions
from glyph_memory.context.option_fields import PageOptionFields as PageOptionFields
from glyph_memory.context.options import PageOptions as PageOptions
from glyph_memory.context.page_keeper import PageKeeper as PageKeeper
from glyph_memory.context.page_keeper import purge_pages as purge_pages
from glyph_memory.context.page_wording import ask_page_code as ask_page_code
from glyph_memory.context.page_wording import explain_page as explain_page
from glyph_memory.context.places import find_place as find_place
from glyph_memory.context.places import make_cache as make_cache
from glyph_memory.context.places import open_place as open_place
from glyph_memory.context.places import read_place as read_place
from glyph_memory.context.plan import JoinUsers as JoinUsers
from glyph_memory.context.plan import PlannedMessage as PlannedMessage
from glyph_memory.context.plan import PlannedTurn as PlannedTurn
from glyph_memory.context.plan import RequestPlan as RequestPlan
from glyph_memory.context.plan import plan_request as plan_request
from glyph_memory.context.sealed import repeat_turns as repeat_turns
from glyph_memory.context.wording import PINNED as PINNED
from glyph_memory.context.wording import SHOWN_BELOW as SHOWN_BELOW
from glyph_memory.context.write import context_from_turns as context_from_turns
from glyph_memory.context.write import write_context as write_context
from glyph_memory.context.write import write_plan as write_plan
from glyph_memory.context.write import write_prefix as write_prefix
from glyph_memory.context.write import write_turn_parts as write_turn_parts
from glyph_memory.context.write import write_turns as write_turns
from glyph_memory.terminal_text import TerminalEscapes as TerminalEscapes
