"""Pictures that came with turns: untouched while the turn is text, small once sealed, named where they are broken."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from glyph_memory.context import Binder, Text, write_context
from glyph_memory.context.pictures import SEALED_SIDE_PX, Picture, decode_picture, scale_picture
from glyph_memory.folding import FoldPolicy, fold
from glyph_memory.transcript import Turn

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)
POLICY = FoldPolicy(
    window_tokens=20_000, output_tokens=0, keep_recent_tokens=20, seal_tokens=20, trigger_tokens=60, max_run_tokens=60,
    pinned_tokens=20, tools_tokens=0,
)  # fmt: skip


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def decoded(picture: Picture | None) -> Image.Image:
    """A file as a picture."""
    assert picture is not None
    image = Image.open(io.BytesIO(picture.data))
    assert image.size == picture.size
    assert {"JPEG": "image/jpeg", "MPO": "image/jpeg"}.get(
        image.format or "", f"image/{image.format}".lower()
    ) == picture.media_type
    return image.convert("RGB")


def color_at(picture: Picture | None, x: int, y: int) -> tuple[int, int, int]:
    """A pixel, rounded as JPEG makes necessary."""
    red, green, blue = np.asarray(decoded(picture))[y, x].astype(int)
    return (round(red / 15) * 15, round(green / 15) * 15, round(blue / 15) * 15)


def red(size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    """A red picture."""
    return Image.new("RGB", size, RED).convert(mode)


# While the turn is text.


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_what_every_server_decodes_is_sent_byte_for_byte(kind: str) -> None:
    """Nothing is encoded twice."""
    data = encoded(red(mode="P" if kind == "GIF" else "RGB"), kind)
    picture = decode_picture(data)
    assert picture == Picture(data=data, size=(60, 40), media_type=f"image/{kind.lower()}")


def test_what_phones_write_is_a_jpeg() -> None:
    """A JPEG with another one behind it."""
    data = encoded(red(), "MPO", save_all=True, append_images=[red()])
    picture = decode_picture(data)
    assert picture is not None
    assert (picture.data, picture.media_type) == (data, "image/jpeg")
    assert decoded(scale_picture(data)).size == (60, 40)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PPM", "ICO"])
def test_other_files_are_sent_as_png(kind: str) -> None:
    """Of the same size and look."""
    picture = decode_picture(encoded(red((32, 32)), kind))
    assert picture is not None
    assert picture.media_type == "image/png"
    assert color_at(picture, 5, 5) == RED


# Once it is sealed.


def test_a_sealed_picture_is_scaled_to_a_cap_and_never_enlarged() -> None:
    """Its longest side; its shape stays."""
    assert decoded(scale_picture(encoded(red((1344, 672)), "PNG"))).size == (
        SEALED_SIDE_PX,
        SEALED_SIDE_PX // 2,
    )
    assert decoded(scale_picture(encoded(red((100, 4480)), "PNG"))).size == (10, SEALED_SIDE_PX)
    assert decoded(scale_picture(encoded(red((30, 20)), "PNG"))).size == (30, 20)


def test_a_photo_stays_a_jpeg_and_all_else_becomes_png() -> None:
    """Screenshots are not to be smeared."""
    kinds = {
        "JPEG": "image/jpeg",
        "PNG": "image/png",
        "WEBP": "image/png",
        "BMP": "image/png",
        "GIF": "image/png",
    }
    for kind, media_type in kinds.items():
        picture = scale_picture(encoded(red(), kind))
        assert picture is not None
        assert picture.media_type == media_type


def test_a_photo_is_turned_as_its_camera_was_held() -> None:
    """Its note about that is lost with the file."""
    image = red((60, 40))
    image.paste((0, 255, 0), (0, 0, 60, 10))  # above; held so that this is on the right
    note = Image.Exif()
    note[0x0112] = 6
    picture = scale_picture(encoded(image, "JPEG", exif=note, quality=95))
    assert picture is not None
    assert picture.size == (40, 60)
    assert color_at(picture, 38, 30) == GREEN
    assert color_at(picture, 5, 30) == RED


@pytest.mark.parametrize(
    "note", [b"Exif\0\0II", b"Exif\0\0garbage!", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12" * 40]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_broken_note_of_a_camera_is_no_reason_to_show_nothing(kind: str, note: bytes) -> None:
    """The picture itself is whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert (
            color_at(
                scale_picture(
                    encoded(red(), kind, exif=note, **({"lossless": True} if kind == "WEBP" else {}))
                ),
                5,
                5,
            )
            == RED
        )


def transparent(mode: str) -> Image.Image:
    """A picture that nothing stands on, of a mode that can say so."""
    if mode == "P":
        image = Image.new("P", (40, 30), 0)
        image.putpalette([0, 0, 0, 255, 0, 0])
        image.info["transparency"] = 0
        return image
    return Image.new(mode, (40, 30), 0)


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("P", "GIF"), ("RGBA", "WEBP")]
)
def test_transparent_pictures_stand_on_white(mode: str, kind: str) -> None:
    """As on every page a browser shows; black on black would be lost."""
    image = transparent(mode)
    options = {"transparency": 0} if mode == "P" else {}
    assert color_at(scale_picture(encoded(image, kind, **options)), 5, 5) == WHITE


def test_a_palettes_colours_stay() -> None:
    """Also where they are few."""
    assert color_at(scale_picture(encoded(red(mode="P"), "PNG")), 5, 5) == RED
    assert color_at(scale_picture(encoded(Image.new("1", (30, 20), 1), "PNG")), 5, 5) == WHITE


def test_inks_become_colours() -> None:
    """CMYK, as printers write it."""
    inks = Image.new("CMYK", (60, 40), (0, 255, 255, 0))
    for kind in ("JPEG", "TIFF"):
        assert color_at(scale_picture(encoded(inks, kind)), 5, 5) == RED


@pytest.mark.parametrize(
    ("values", "kind"),
    [(np.linspace(0, 65535, 6400).astype(np.uint16), kind) for kind in ("PNG", "TIFF")]
    + [
        (np.linspace(0, 70000, 6400).astype(np.int32), "TIFF"),
        (np.linspace(-1, 1, 6400).astype(np.float32), "TIFF"),
    ],
)
def test_pictures_of_more_than_8_bits_keep_their_greys(
    values: np.ndarray[tuple[int], np.dtype[np.generic]], kind: str
) -> None:
    """Cut off at 255 they would be white."""
    greys = np.asarray(decoded(scale_picture(encoded(Image.fromarray(values.reshape(80, 80)), kind))))[
        :, :, 0
    ]
    assert greys.min() < 10
    assert 120 <= np.median(greys) <= 135
    assert greys.max() > 245


def test_a_flat_picture_of_16_bits_is_no_division_by_zero() -> None:
    """One grey all over."""
    flat = Image.fromarray(np.full((20, 20), 7, np.int32))
    assert decoded(scale_picture(encoded(flat, "TIFF"))).size == (20, 20)


# What is no picture.


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A small PNG file that says it is huge."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 999))
        + chunk(b"IEND", b"")
    )


NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8))
WHOLE = {kind: encoded(NOISE, kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")}
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "text": b"no picture at all",
    "HTML": b"<svg onload=alert(1)>",
    "a signature alone": b"\x89PNG\r\n\x1a\n",
    "NULs": b"\0" * 4096,
    "a bomb": bomb(60_000, 60_000),
    "a smaller bomb": bomb(10_000, 10_000),
    "a side of nothing": bomb(0, 10),
    "text chunks without end": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    + chunk(b"zTXt", b"x\0\0" + zlib.compress(b"a" * 100_000_000)),
    **{f"half a {kind}": data[: len(data) // 2] for kind, data in WHOLE.items()},
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("show", [decode_picture, scale_picture])
def test_what_cannot_be_decoded_is_not_shown(show: Callable[[bytes], Picture | None], name: str) -> None:
    """And nothing is raised; the turn keeps the file."""
    assert show(BROKEN[name]) is None


@pytest.mark.parametrize("kind", WHOLE)
def test_spoiled_bytes_raise_nothing(kind: str) -> None:
    """Wherever they stand in a file."""
    draw = np.random.default_rng(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(60):
            data = bytearray(WHOLE[kind])
            for place in draw.integers(0, min(len(data), 400), 4):
                data[place] = draw.integers(0, 256)
            for show in (decode_picture, scale_picture):
                picture = show(bytes(data))
                assert picture is None or min(picture.size) > 0


def test_no_file_is_given_to_a_postscript_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    """EPS is a program; Pillow would have Ghostscript run it."""
    ran: list[object] = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **_: ran.append(given))
    assert decode_picture(encoded(red(), "EPS")) is None
    assert scale_picture(encoded(red(), "EPS") + b" ") is None
    assert ran == []


def test_looking_at_a_picture_leaves_the_programs_warnings_alone() -> None:
    """Filters are the whole process's, and threads look at the same time."""
    before = list(warnings.filters)
    scale_picture(encoded(red((61, 41)), "PNG"))
    assert warnings.filters == before


# In a conversation.


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(9000, 20), (20, 9000)])
def test_pictures_that_are_broken_or_refused_are_named_in_the_tail_and_in_seals(
    size: tuple[int, int],
) -> None:
    """Never sent, never a reason to stop."""
    files = (*BROKEN.values(), encoded(red(size), "PNG"), encoded(red(), "PNG"))
    ask = Turn(role="user", text="look", images=files, anchor=1)
    binder = Binder("glyph", policy=replace(POLICY, trigger_tokens=10_000, window_tokens=40_000))
    tail = fold([ask], policy=binder.policy, costs=binder)
    (message,) = write_context(tail, binder=binder, parts_of=lambda _: ()).messages
    texts = [part.text.rstrip() for part in message.parts if isinstance(part, Text)]
    assert texts == [
        "look",
        *(f"(Picture {n} of this message cannot be shown.)" for n in range(1, len(files))),
        f"(Picture {len(files)} that came with the user's message, no page of the conversation:)",
        "(End of the user's pictures.)",
    ]
    assert len(message.parts) == len(texts) + 1
    more = [
        ask,
        Turn(role="assistant", text="word " * 400, anchor=2),
        Turn(role="assistant", text="ok", anchor=3),
    ]
    binder = Binder("glyph", policy=POLICY)
    sealed = fold(more, policy=POLICY, costs=binder)
    assert [picture.size for picture in sealed.seals[0].pictures] == [None] * (len(files) - 1) + [(60, 40)]
    context = write_context(
        sealed, binder=binder, parts_of=lambda seal: binder.parts(seal, lambda: more[: len(seal.anchors)])
    )
    texts = [part.text for part in context.messages[0].parts if isinstance(part, Text)]
    assert [f"§1, its picture {n} cannot be shown\n" in texts for n in range(1, len(files) + 1)] == [True] * (
        len(files) - 1
    ) + [False]
    assert f"§1, its picture {len(files)}, no page of the conversation:\n" in texts
    assert texts.count("§1, end of its pictures\n") == 1
