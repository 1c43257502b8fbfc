"""Load a vision-language model for training, encode samples for it, ask it while it learns, and save it."""

from glyph_memory.training.models.batch import collate_samples as collate_samples
from glyph_memory.training.models.encoding import SampleEncoder as SampleEncoder
from glyph_memory.training.models.loading import TrainableModel as TrainableModel
from glyph_memory.training.models.loading import load_trainable as load_trainable
from glyph_memory.training.models.reading import TrainedReader as TrainedReader
from glyph_memory.training.models.saving import restore_weights as restore_weights
from glyph_memory.training.models.saving import save_trained as save_trained
from glyph_memory.training.models.settings import LoraSettings as LoraSettings
from glyph_memory.training.models.settings import ModelSettings as ModelSettings
