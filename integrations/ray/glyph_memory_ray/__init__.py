"""Many documents become pages on a Ray cluster: `draw_documents`.

Knows glyph-memory and Ray; glyph-memory knows nothing of it.
"""

from glyph_memory_ray.run import RayReport as RayReport
from glyph_memory_ray.run import draw_documents as draw_documents
