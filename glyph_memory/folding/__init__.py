"""Fold a conversation: old turns into seals that never change, recent ones as they are. Pure; costs come in.

`fold` is a reduction: `step` for every turn, so that one by one gives what all at once gives; of a history that is too
long to be shown, the beginning is skipped.
"""

from glyph_memory.folding.budget import count_showable_pages as count_showable_pages
from glyph_memory.folding.chain import count_chained as count_chained
from glyph_memory.folding.chain import read_seal as read_seal
from glyph_memory.folding.choice import Choice as Choice
from glyph_memory.folding.choice import ShownForm as ShownForm
from glyph_memory.folding.choice import SizeChoice as SizeChoice
from glyph_memory.folding.choice import choose_for_prices as choose_for_prices
from glyph_memory.folding.costs import Costs as Costs
from glyph_memory.folding.costs import DrawnRun as DrawnRun
from glyph_memory.folding.costs import PageCapacity as PageCapacity
from glyph_memory.folding.decay import Decay as Decay
from glyph_memory.folding.decay import decide_decay as decide_decay
from glyph_memory.folding.forecast import Workload as Workload
from glyph_memory.folding.groups import count_answered as count_answered
from glyph_memory.folding.groups import has_open_call as has_open_call
from glyph_memory.folding.policy import FoldPolicy as FoldPolicy
from glyph_memory.folding.policy import UnseenForm as UnseenForm
from glyph_memory.folding.price_fit import TimedPrompt as TimedPrompt
from glyph_memory.folding.price_fit import fit_prices as fit_prices
from glyph_memory.folding.prices import PromptTokens as PromptTokens
from glyph_memory.folding.prices import ServerPrices as ServerPrices
from glyph_memory.folding.reduction import add_turns as add_turns
from glyph_memory.folding.reduction import fold as fold
from glyph_memory.folding.reduction import resume as resume
from glyph_memory.folding.room import count_fixed_tokens as count_fixed_tokens
from glyph_memory.folding.room import is_crowded as is_crowded
from glyph_memory.folding.seal import Seal as Seal
from glyph_memory.folding.seal import SealedAttachment as SealedAttachment
from glyph_memory.folding.seal import SealedCall as SealedCall
from glyph_memory.folding.seal import SealedPage as SealedPage
from glyph_memory.folding.seal import SealedPicture as SealedPicture
from glyph_memory.folding.seal import SealKind as SealKind
from glyph_memory.folding.seal import describe_calls as describe_calls
from glyph_memory.folding.seal import run_digest as run_digest
from glyph_memory.folding.sealing import step as step
from glyph_memory.folding.skipping import UnreadTurns as UnreadTurns
from glyph_memory.folding.skipping import find_start as find_start
from glyph_memory.folding.skipping import is_outgrown as is_outgrown
from glyph_memory.folding.skipping import measure_span as measure_span
from glyph_memory.folding.state import Fold as Fold
from glyph_memory.folding.state import Stretches as Stretches
from glyph_memory.folding.tail import RecentTurn as RecentTurn
from glyph_memory.folding.tail import TailSums as TailSums
from glyph_memory.folding.tail import count_characters as count_characters
