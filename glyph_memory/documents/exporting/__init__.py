"""Tables of Parquet files as a Lance dataset, which has one new version when something is new.

Knows rows and Lance; which rows count is decided by whoever has the tables.
"""

from glyph_memory.documents.exporting.export import export_lance as export_lance
from glyph_memory.documents.exporting.values import LanceReport as LanceReport
