"""Check a database for damage, and repair what can be repaired, after a backup.

`check_store` only looks. `repair_store` backs the file up, repairs, and returns what was lost.
"""

from glyph_memory.store.doctor.check import check_store as check_store
from glyph_memory.store.doctor.findings import Finding as Finding
from glyph_memory.store.doctor.findings import FindingKind as FindingKind
from glyph_memory.store.doctor.findings import StoreCheck as StoreCheck
from glyph_memory.store.doctor.findings import StoreRepair as StoreRepair
from glyph_memory.store.doctor.repair import repair_store as repair_store
