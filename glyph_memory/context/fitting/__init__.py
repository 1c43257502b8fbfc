"""Fit recent turns into the room that is left for them: as they came where they fit, else as pages, else in parts.

Nothing vanishes: in its place stands what is shown of it, and how the rest is had.
"""

from glyph_memory.context.fitting.fit import fit_tail as fit_tail
from glyph_memory.context.fitting.shown import Room as Room
from glyph_memory.context.fitting.write import FittedTail as FittedTail
