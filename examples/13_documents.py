"""Turn documents of several formats into pages, and trace a quote back to where it stands.

    python examples/13_documents.py [FOLDER]

Makes a few small documents, and writes a page of each as PNG into FOLDER, `out/documents` if none is given.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from glyph_memory.documents import draw_pages, load

REPORT = """# Quarterly report

The workshop sold **oak** and *ash*, as the [price list](https://example.org/prices) says. Run `make prices`.

1. Order the timber, at the price that was agreed in the letter of the third of May.
   - in two lots
   - 中文字符 and Latin, mixed
2. Pay.

> Whoever pays late pays twice, said the merchant, and wrote it on the wall of his shop.

## Prices

| item | unit | EUR | remark |
|------|:----:|----:|--------|
| oak  | m³   | 1,234.50 | the best of it, dried for two years under a roof, and sold by the plank |
| ash  | m³   | 84.00 | |
| glue | l    | 3.10 | see the note[^1] |

```python
class Price:
    def total(self, count: int = 10) -> float:
        # a rebate for many
        return count * 0.9 if count > 3 else float(count)
```

$$\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}$$

![A ball on a slope](ball.png)

[^1]: The price list is of May.
"""

NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Squares"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "execution_count": 1,
            "source": "[n * n for n in range(5)]",
            "outputs": [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {"text/plain": "[0, 1, 4, 9, 16]"},
                }
            ],
        },
    ],
}


def draw_ball() -> Image.Image:
    """Return a picture."""
    picture = Image.new("RGB", (300, 120), "#CFE8FF")
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20, 20, 120, 100), fill="#E07020")
    pen.line((0, 119, 299, 0), fill="black", width=3)
    return picture


def write_documents(folder: Path) -> list[Path]:
    """Write a document of each kind; return their paths."""
    draw_ball().save(folder / "ball.png")
    scan = io.BytesIO()
    draw_ball().resize((1200, 480)).save(scan, "PDF")
    documents: dict[str, bytes] = {
        "report.md": REPORT.encode(),
        "squares.ipynb": json.dumps(NOTEBOOK).encode(),
        "stock.csv": b"item,left\n" + b"".join(f"plank {n},{n * n}\n".encode() for n in range(300)),
        "note.html": b"<h1>Hours</h1><p>It opens at <b>nine</b>.<ul><li>Monday<li>Tuesday</ul>",
        "letter.eml": b"From: ada@example.org\r\nTo: bob@example.org\r\nSubject: The gate\r\n\r\nThe code is 4711.\r\n",
        "scan.pdf": scan.getvalue(),
    }
    for name, data in documents.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in documents]


def main(folder: Path) -> None:
    """Draw a page of each document, and trace a quote."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in write_documents(folder):
        pages = list(draw_pages(load(path)))
        first = pages[0]
        size = "x".join(map(str, first.page.size))
        print(f"{path.name}: {len(pages)} pages, the first {size}, {first.tokens} tokens, {first.way}")
        (folder / f"{path.name}.png").write_bytes(first.page.png())

    (document,) = load(folder / "stock.csv")
    at = document.text.index("289")
    print("289 stands in", *document.trace(at, at + 3))
    print(f"The pictures are in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out/documents"))
