"""Teach vision-language models to read pages: data, fine-tuning, rewards, the search for a style, a small model."""

from glyph_memory.training.sample_files import SampleTable as SampleTable
from glyph_memory.training.sample_files import open_samples as open_samples
from glyph_memory.training.samples import Family as Family
from glyph_memory.training.samples import ImageSlot as ImageSlot
from glyph_memory.training.samples import SampleMessage as SampleMessage
from glyph_memory.training.samples import TrainingError as TrainingError
from glyph_memory.training.samples import TrainingSample as TrainingSample
