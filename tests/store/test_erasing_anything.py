"""Whatever is done in whatever order: of what was erased no byte is left in any file; of all else all is there."""

from __future__ import annotations

import random
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from glyph_memory.store import SealReader, SealRecord, SessionStore, Store
from glyph_memory.transcript import ToolCall, Turn

_WORD = re.compile(rb"q[0-9a-f]{15}q")
_IMAGE = re.compile(r"[0-9a-f]{64}")


def find_words(data: bytes) -> set[bytes]:
    """Return the made-up words in some bytes."""
    return set(_WORD.findall(data))


def read_range(record: SealRecord) -> tuple[int, int]:
    """Return the anchors that a made-up seal tells of."""
    first, last = record.body.split()[:2]
    return int(first), int(last)


@dataclass
class Desk:
    """A store with sessions in which turns are said and erased, and what must be there."""

    folder: Path
    draw: random.Random
    said: dict[str, dict[int, set[bytes]]] = field(default_factory=dict)
    """Of each session, the words of each turn."""
    sealed: dict[str, list[tuple[int, int, bytes, str]]] = field(default_factory=dict)
    """Of each session, its seals: the range of anchors, a word that is quoted, the name of an image."""

    @property
    def path(self) -> Path:
        """The database."""
        return self.folder / "chat.db"

    def open(self) -> Store:
        """Open the store."""
        return Store.open(self.path)

    def session(self, store: Store, name: str) -> SessionStore:
        """Return a session that knows how seals are read."""
        reader = SealReader(
            find_range=read_range,
            find_images=lambda record: _IMAGE.findall(record.body),
            folder=self.folder / "pages",
        )
        return store.session(name, seal_reader=reader)

    def word(self) -> str:
        """Make up a word."""
        return f"q{self.draw.getrandbits(60):015x}q"

    def make_turn(self) -> tuple[Turn, set[bytes]]:
        """Return a turn with words in every place there is, short or long; and its words."""
        words = [self.word() for _ in range(self.draw.randint(8, 30))]
        times = self.draw.choice([1, 1, 1, 20, 300])
        turn = Turn(
            role=self.draw.choice(["user", "assistant"]),
            text=" ".join(words[6:]) * times + f" https://{words[0]}.example/{words[1]}",
            name=words[2],
            tool_calls=(ToolCall(name=words[3], arguments=f'{{"a": "{words[4]}"}}', id="c"),),
            images=(words[5].encode() * self.draw.choice([1, 30, 900]),) * self.draw.choice([0, 1]),
        )
        return turn, set(map(str.encode, words if turn.images else words[:5] + words[6:]))

    def seal(self, session_store: SessionStore, *, replaces: bool) -> None:
        """Seal some turns, with a quotation and an image; or put a seal in the place of all."""
        anchors = sorted(self.said.get(session_store.name, {}))
        sealed = self.sealed.get(session_store.name, [])
        open_ = anchors if replaces else [one for one in anchors if not sealed or one > sealed[-1][1]]
        if not open_:
            return
        last = open_[len(open_) // 2]
        quoted, image = self.word(), f"{self.draw.getrandbits(256):064x}"
        sealed = [] if replaces else sealed
        record = SealRecord(number=len(sealed) + 1, digest="d", body=f"{open_[0]} {last} {quoted} {image}")
        edits = session_store.state().edits
        if replaces:
            assert session_store.replace_seals(0, [record], edits=edits) is not None
        else:
            assert session_store.add_seals([record], edits=edits)
        self.sealed[session_store.name] = [*sealed, (open_[0], last, quoted.encode(), image)]
        pages = self.folder / "pages"
        pages.mkdir(exist_ok=True)
        (pages / f"{image}.png").write_bytes(b"page")

    def erase(self, session_store: SessionStore, what: str) -> None:
        """Erase in one of three ways."""
        name = session_store.name
        anchors = sorted(self.said.get(name, {}))
        if what == "clear":
            session_store.clear()
            gone = anchors
            self.sealed.pop(name, None)
        elif what == "truncate":
            gone = anchors[len(anchors) - self.draw.randint(0, min(3, len(anchors))) :]
            assert session_store.truncate(after=gone[0] - 1 if gone else 10**6) == len(gone)
        else:
            gone = self.draw.sample(anchors, min(len(anchors), self.draw.choice([1, 1, 4])))
            assert session_store.delete(gone) == len(gone)
        for anchor in gone:
            del self.said[name][anchor]
        kept = list[tuple[int, int, bytes, str]]()
        for seal in self.sealed.get(name, []):
            if any(seal[0] <= anchor <= seal[1] for anchor in gone):
                break
            kept.append(seal)
        self.sealed[name] = kept

    def check(self) -> None:
        """Compare the bytes of all files, and the page images, with what must be there."""
        files = [path for path in self.folder.glob("chat.db*") if path.is_file()]
        found = find_words(b"".join(path.read_bytes() for path in files))
        kept = {word for turns in self.said.values() for words in turns.values() for word in words}
        assert found == kept | {seal[2] for seals in self.sealed.values() for seal in seals}
        images = {seal[3] for seals in self.sealed.values() for seal in seals}
        assert {path.stem for path in self.folder.glob("pages/*")} <= images


STEPS = (
    *("say", "say", "say many", "seal", "replace seals", "fork", "pin"),
    *("delete", "delete", "truncate", "clear", "reopen", "compact"),
)


@settings(settings.get_profile("fuzz"))
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from("abc")), max_size=60),
)
def test_of_what_was_erased_no_byte_is_left_and_all_else_is_there(
    seed: int, steps: list[tuple[str, str]]
) -> None:
    """Text, names, calls, identifiers, pictures, quotations of seals and page images, of sessions side by side."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(folder=Path(folder), draw=random.Random(seed))
        store = desk.open()
        for step, name in steps:
            session_store = desk.session(store, name)
            if step in {"say", "say many"}:
                made = [desk.make_turn() for _ in range(1 if step == "say" else 8)]
                stored = session_store.append([turn for turn, _ in made])
                words = desk.said.setdefault(name, {})
                words.update({turn.anchor or 0: one for turn, (_, one) in zip(stored, made, strict=True)})
            elif step in {"seal", "replace seals"}:
                desk.seal(session_store, replaces=step == "replace seals")
            elif step == "fork" and (copy := f"{name}{len(desk.said)}") not in desk.said:
                session_store.fork(copy)
                desk.said[copy] = dict(desk.said.get(name, {}))
                desk.sealed[copy] = list(desk.sealed.get(name, []))
            elif step == "pin":
                for anchor in list(desk.said.get(name, {}))[:1]:
                    session_store.set_pinned(anchor, True)
            elif step == "reopen":
                store.close()
                store = desk.open()
            elif step == "compact":
                store.compact()
            elif step in {"delete", "truncate", "clear"}:
                desk.erase(session_store, step)
                desk.check()
        for name, words in desk.said.items():
            session_store = desk.session(store, name)
            assert [turn.anchor for turn in session_store.turns()] == sorted(words)
            assert session_store.state().turns == len(words)
            for anchor, one in words.items():
                (hit,) = session_store.search(" ".join(map(bytes.decode, one)), k=1)
                assert hit.turn.anchor == anchor
        store.close()
