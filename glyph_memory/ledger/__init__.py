"""The identifiers of old turns, verbatim, sent as text beside their pages."""

from glyph_memory.ledger.find import find_identifiers as find_identifiers
from glyph_memory.ledger.find import iter_identifiers as iter_identifiers
from glyph_memory.ledger.kinds import Identifier as Identifier
from glyph_memory.ledger.kinds import IdentifierKind as IdentifierKind
from glyph_memory.ledger.measured_risk import MeasuredRisk as MeasuredRisk
from glyph_memory.ledger.measured_risk import find_risk as find_risk
from glyph_memory.ledger.risk import find_words as find_words
from glyph_memory.ledger.risk import misread_risk as misread_risk
from glyph_memory.ledger.write import Ledger as Ledger
from glyph_memory.ledger.write import Mention as Mention
from glyph_memory.ledger.write import mentions as mentions
from glyph_memory.ledger.write import quote_identifiers as quote_identifiers
from glyph_memory.ledger.write import write_ledger as write_ledger
