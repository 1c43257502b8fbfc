"""Reinforcement learning on pages: GRPO with rewards that are checked, watched, and the same after a stop."""

from glyph_memory.training.grpo.log import GrpoStep as GrpoStep
from glyph_memory.training.grpo.run import GrpoResult as GrpoResult
from glyph_memory.training.grpo.run import train_grpo as train_grpo
from glyph_memory.training.grpo.settings import GrpoSettings as GrpoSettings
