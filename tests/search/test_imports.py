"""Text is searched without a database."""

from __future__ import annotations

import subprocess
import sys

_RECALL = """
import sys
from glyph_memory import Folding, Turn

folding = Folding("glyph", turn_of=lambda turn: turn, key_of=hash, name_of=lambda turn: turn.text)
said = [Turn(role="user", text="The port is 8443."), Turn(role="assistant", text="Noted.", name="Ops")]
folded = folding.fold(said)
print(folded.recall("port")[0].text, folded.recall("ops")[0].text, "sqlalchemy" in sys.modules)
"""


def test_a_folded_history_is_searched_without_sqlalchemy() -> None:
    """What a turn is searched by, its name and its content, is known without the store."""
    done = subprocess.run([sys.executable, "-c", _RECALL], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("The port is 8443. Noted. False\n", "")
