"""Fine-tune a vision-language model on samples, by TRL's `SFTTrainer`; resumable, and measured by the evaluation."""

from glyph_memory.training.sft.report import Evaluated as Evaluated
from glyph_memory.training.sft.report import TrainingReport as TrainingReport
from glyph_memory.training.sft.run import train_sft as train_sft
from glyph_memory.training.sft.settings import SftEvaluation as SftEvaluation
from glyph_memory.training.sft.settings import SftSettings as SftSettings
