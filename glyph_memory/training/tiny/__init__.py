"""A small vision-language model of our own: a vision tower that learns to read, in front of a small language model."""

from glyph_memory.training.tiny.layout import CellLayout as CellLayout
from glyph_memory.training.tiny.plan import StagePlan as StagePlan
from glyph_memory.training.tiny.plan import TinyPlan as TinyPlan
from glyph_memory.training.tiny.plan import TowerShape as TowerShape
from glyph_memory.training.tiny.train import train_tiny as train_tiny
