"""Fold a conversation: old turns into seals that never change, recent ones as they are. Pure; costs come in.

`fold` is a reduction: `step` for every turn, so that one by one gives what all at once gives.
"""

from glyph_memory.fold.costs import Bound as Bound
from glyph_memory.fold.costs import Costs as Costs
from glyph_memory.fold.cut import has_open_call as has_open_call
from glyph_memory.fold.fold import Fold as Fold
from glyph_memory.fold.fold import Recent as Recent
from glyph_memory.fold.fold import Stretches as Stretches
from glyph_memory.fold.policy import FoldPolicy as FoldPolicy
from glyph_memory.fold.resume import fold as fold
from glyph_memory.fold.resume import resume as resume
from glyph_memory.fold.seal import Seal as Seal
from glyph_memory.fold.seal import SealedPage as SealedPage
from glyph_memory.fold.seal import SealedPicture as SealedPicture
from glyph_memory.fold.seal import run_digest as run_digest
from glyph_memory.fold.step import step as step
