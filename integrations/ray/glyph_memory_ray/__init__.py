"""Many documents become pages on a Ray cluster, and are read: `draw_documents`, `ask_documents`, `connect_cluster`.

Knows glyph-memory and Ray; glyph-memory knows nothing of it.
"""

from glyph_memory_ray.cluster import connect_cluster as connect_cluster
from glyph_memory_ray.engines import ask_with_engine as ask_with_engine
from glyph_memory_ray.reading import ask_documents as ask_documents
from glyph_memory_ray.run import draw_documents as draw_documents

__all__ = ["ask_documents", "ask_with_engine", "connect_cluster", "draw_documents"]
