"""Many documents on many machines: the work is split into files, each of which is drawn once, whatever is killed.

Knows documents, plans and stores; who draws, it does not know.
"""

from glyph_memory.documents.bulk.report import ShardReport as ShardReport
from glyph_memory.documents.shards.drawing import ShardDrawer as ShardDrawer
from glyph_memory.documents.shards.drawing import ShardResult as ShardResult
from glyph_memory.documents.shards.plan import Shard as Shard
from glyph_memory.documents.shards.run import ShardRun as ShardRun
from glyph_memory.documents.shards.run import open_shards as open_shards
