"""Read documents beyond the model's window: groups of pages with overlap, each asked, and the answers put together.

`page_groups` cuts, `read_windows` asks and combines, `iter_windows` yields each window's answer as it comes. Works with
any `Reader`. What is cited are the document's own pages, sheets or lines.
"""

from glyph_memory.windows.answers import WindowLoss as WindowLoss
from glyph_memory.windows.answers import WindowLossKind as WindowLossKind
from glyph_memory.windows.answers import WindowReading as WindowReading
from glyph_memory.windows.answers import WindowsReading as WindowsReading
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
