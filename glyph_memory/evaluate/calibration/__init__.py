"""Which styles a served model reads: asked, tested, and kept as a file that memories take their style from."""

from glyph_memory.evaluate.calibration.calibration import Calibration as Calibration
from glyph_memory.evaluate.calibration.ladder import AxisFields as AxisFields
from glyph_memory.evaluate.calibration.ladder import Ladder as Ladder
from glyph_memory.evaluate.calibration.ladder import Letters as Letters
from glyph_memory.evaluate.calibration.ladder import Rung as Rung
from glyph_memory.evaluate.calibration.prefill import PrefillSpeed as PrefillSpeed
from glyph_memory.evaluate.calibration.progress import CalibrationProgress as CalibrationProgress
from glyph_memory.evaluate.calibration.results import KindCalibration as KindCalibration
from glyph_memory.evaluate.calibration.results import Measured as Measured
from glyph_memory.evaluate.calibration.results import Tally as Tally
from glyph_memory.evaluate.calibration.run import calibrate as calibrate
from glyph_memory.evaluate.calibration.sequential import Verdict as Verdict
from glyph_memory.evaluate.calibration.sequential import count_fixed_questions as count_fixed_questions
from glyph_memory.evaluate.calibration.sheets import KINDS as KINDS
from glyph_memory.evaluate.calibration.sheets import Kind as Kind
