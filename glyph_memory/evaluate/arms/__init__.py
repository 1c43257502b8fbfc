"""Ways to show a sample within a budget of prompt tokens: as text, a window, a summary, or pages."""

from glyph_memory.evaluate.arms.names import ARMS as ARMS
from glyph_memory.evaluate.arms.names import find_arm as find_arm
from glyph_memory.evaluate.arms.pages import FOCUS_SHARE as FOCUS_SHARE
from glyph_memory.evaluate.arms.pages import LEDGER_SHARE as LEDGER_SHARE
from glyph_memory.evaluate.arms.pages import PagesArm as PagesArm
from glyph_memory.evaluate.arms.planner import PlannerArm as PlannerArm
from glyph_memory.evaluate.arms.prompt import INSTRUCTION as INSTRUCTION
from glyph_memory.evaluate.arms.prompt import Arm as Arm
from glyph_memory.evaluate.arms.prompt import Prompt as Prompt
from glyph_memory.evaluate.arms.summary import NOTES_SHARE as NOTES_SHARE
from glyph_memory.evaluate.arms.summary import SummaryArm as SummaryArm
from glyph_memory.evaluate.arms.text import TextArm as TextArm
from glyph_memory.evaluate.arms.text import WindowArm as WindowArm
