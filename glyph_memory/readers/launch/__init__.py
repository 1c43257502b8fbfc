"""Plan the command that starts a server for pages: `plan_server`. Starts nothing itself."""

from glyph_memory.readers.launch.command import ServerCommand as ServerCommand
from glyph_memory.readers.launch.command import Setting as Setting
from glyph_memory.readers.launch.plan import ENGINES as ENGINES
from glyph_memory.readers.launch.plan import plan_server as plan_server
