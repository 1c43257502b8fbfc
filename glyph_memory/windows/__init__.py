"""Read documents beyond the model's window: groups of pages with overlap, each asked, and the answers put together.

`page_groups` cuts, `read_windows` asks and combines, `iter_windows` yields each window's answer as it comes. Works with
any `Reader`. What is cited are the document's own pages, sheets or lines. `open_questions` asks about the pages of many
documents, on many machines.
"""

from glyph_memory.windows.answers import WindowLoss as WindowLoss
from glyph_memory.windows.answers import WindowLossKind as WindowLossKind
from glyph_memory.windows.answers import WindowReading as WindowReading
from glyph_memory.windows.answers import WindowsReading as WindowsReading
from glyph_memory.windows.bulk import AskFields as AskFields
from glyph_memory.windows.bulk import AskJob as AskJob
from glyph_memory.windows.bulk import AskOptions as AskOptions
from glyph_memory.windows.bulk import AskReport as AskReport
from glyph_memory.windows.bulk import AskRequest as AskRequest
from glyph_memory.windows.bulk import AskResult as AskResult
from glyph_memory.windows.bulk import AskRun as AskRun
from glyph_memory.windows.bulk import AskShard as AskShard
from glyph_memory.windows.bulk import AskUnit as AskUnit
from glyph_memory.windows.bulk import Per as Per
from glyph_memory.windows.bulk import Questions as Questions
from glyph_memory.windows.bulk import ShardAsker as ShardAsker
from glyph_memory.windows.bulk import export_answers as export_answers
from glyph_memory.windows.bulk import open_questions as open_questions
from glyph_memory.windows.groups import PageGroup as PageGroup
from glyph_memory.windows.groups import page_groups as page_groups
from glyph_memory.windows.options import Combine as Combine
from glyph_memory.windows.options import OnError as OnError
from glyph_memory.windows.options import WindowFields as WindowFields
from glyph_memory.windows.options import WindowOptions as WindowOptions
from glyph_memory.windows.reading import aiter_windows as aiter_windows
from glyph_memory.windows.reading import aread_windows as aread_windows
from glyph_memory.windows.reading import iter_windows as iter_windows
from glyph_memory.windows.reading import read_windows as read_windows
from glyph_memory.windows.run import Pages as Pages
from glyph_memory.windows.seen import SeenPage as SeenPage
