"""Questions about many documents on many machines: each is asked once, whatever is killed, and answers are files.

Knows pages that were drawn by shards, and readers; who hands out shards, it does not know.
"""

from glyph_memory.windows.bulk.asking import ShardAsker as ShardAsker
from glyph_memory.windows.bulk.exporting import export_answers as export_answers
from glyph_memory.windows.bulk.options import AskFields as AskFields
from glyph_memory.windows.bulk.options import AskJob as AskJob
from glyph_memory.windows.bulk.options import AskOptions as AskOptions
from glyph_memory.windows.bulk.options import Per as Per
from glyph_memory.windows.bulk.plan import AskShard as AskShard
from glyph_memory.windows.bulk.plan import AskUnit as AskUnit
from glyph_memory.windows.bulk.report import AskReport as AskReport
from glyph_memory.windows.bulk.report import AskResult as AskResult
from glyph_memory.windows.bulk.requests import AskRequest as AskRequest
from glyph_memory.windows.bulk.run import AskRun as AskRun
from glyph_memory.windows.bulk.run import Questions as Questions
from glyph_memory.windows.bulk.run import open_questions as open_questions
