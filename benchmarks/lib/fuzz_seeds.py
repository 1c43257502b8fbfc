"""Small sound files of each format that the loader takes, for a fuzzer to damage; the same on each run."""

from __future__ import annotations

import io
import json
import zipfile

from tests import conftest  # noqa: F401 - how much is fuzzed, which the tests' modules ask for
from tests.documents.make_pdfs import make_raw
from tests.documents.office import make_slides, make_word, paragraph
from tests.documents.small_picture import make_png
from tests.documents.test_epub import make_book
from tests.documents.workbooks import (
    make_compound,
    make_ods,
    make_ods_cell,
    make_ods_row,
    make_workbook,
    make_xls,
    make_xlsb,
)

_MARKDOWN = """---
title: Costs
---
# Costs of *oak*

1. one
   - two [link](https://example.org "t")
   > quoted

| a | b |
|---|:-:|
| 1 | `x|y` |

```python
print("ü")
```
![p](data:image/png;base64,iVBORw0KGgo=)
Term[^1] $x^2$ <b>bold</b>

[^1]: A note.
"""
_HTML = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Oak</title><style>p{}</style></head>
<body><nav>menu</nav><main><h1>Oak &amp; ash</h1><p>Some <b>bold</b> <a href="/x">link</a><br>text&nbsp;ü</p>
<ul><li>one<ol start="3"><li>two</ol></ul><table><caption>c</caption><tr><th colspan=2>a<th>b<tr><td rowspan=2>1
<td>2<td>3</table><pre><code class="language-python">print(1)</code></pre><img src="data:image/png;base64,AAAA" alt="p">
<math><mi>x</mi></math><script>alert(1)</script><details><summary>s</summary>hidden</details></main></body></html>"""
_REST = """=====
Costs
=====

.. contents::

One *two* ``three`` `four <https://example.org>`_ |five|.

.. |five| replace:: 5

- a

  - b

+-----+-----+
| a   | b   |
+=====+=====+
| 1   | 2   |
+-----+-----+

==  ==
 x   y
==  ==

.. code-block:: python
   :linenos:

   print(1)

.. figure:: a.png

   Text [#]_.

.. [#] Note.
"""
_NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Costs\n", "Oak is *dear*."]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "source": "print(1)\n",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["1\n"]},
                {
                    "output_type": "display_data",
                    "data": {"text/html": "<b>x</b>", "text/plain": "x"},
                    "metadata": {},
                },
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["\x1b[31mred\x1b[0m"]},
            ],
        },
        {"cell_type": "raw", "metadata": {}, "source": "raw"},
    ],
    "metadata": {"kernelspec": {"language": "python", "name": "k"}, "language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
_CHAT = [
    {
        "title": "Plans",
        "create_time": 1700000000.5,
        "mapping": {
            "a": {"id": "a", "parent": None, "children": ["b"], "message": None},
            "b": {
                "id": "b",
                "parent": "a",
                "children": [],
                "message": {
                    "id": "b",
                    "author": {"role": "user"},
                    "create_time": 1700000001,
                    "content": {"content_type": "text", "parts": ["Hello."]},
                },
            },
        },
        "current_node": "b",
    }
]
_MAIL = """From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>
To: a@example.org, b@example.org
Subject: =?utf-8?b?UGzDpG5l?=
Date: Fri, 01 Mar 2024 10:00:00 +0100
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="x"

--x
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Hello =FC.
> quoted

--x
Content-Type: text/csv; name="a.csv"
Content-Disposition: attachment; filename="a.csv"
Content-Transfer-Encoding: base64

YSxiCjEsMgo=
--x--
"""
_TEXT_FILES: tuple[tuple[str, str], ...] = (
    ("a.txt", "Hello wörld, Привет, 中文字体。\r\n\U0001f600 end\n\nA  B   C\n1  2   3\n" * 3),
    ("a.log", "\x1b[32m2024-01-01 INFO\x1b[0m started\r\n10%\r50%\r100%\n\x1b[2Kdone\x08\x08!\n" * 3),
    ("a.csv", 'name,"a, b",date\nü,"x ""y""",2024-01-01\n1,2,3\n,,\n"line\nbreak",5,6\n'),
    ("a.tsv", "name\tvalue\na\t1\nb\t2\n"),
    ("a.csv", "sep=;\nname;Preis\nÄpfel;1,50\nBirnen;2,00\n"),
    ("a.md", _MARKDOWN),
    ("a.html", _HTML),
    ("a.rst", _REST),
    ("a.ipynb", json.dumps(_NOTEBOOK)),
    ("conversations.json", json.dumps(_CHAT)),
    ("a.json", '{"a": [1, 2.5, true, null, {"b": "ü\\u00fc\\ud83d\\ude00"}], "c": {"d": "x"}}'),
    ("a.jsonl", '{"role": "user", "content": "Hi."}\n{"role": "assistant", "content": "Hello."}\n'),
    ("a.eml", _MAIL),
    (
        "a.mbox",
        f"From j@example.org Fri Mar  1 10:00:00 2024\n{_MAIL}\n>From here\n\nFrom b@x\n{_MAIL[:300]}\n",
    ),
    ("a.py", 'def f(x: int) -> str:\n    """Doc."""\n    return f"{x!r}\\n"  # ü\n\n\nclass A:\n    pass\n'),
    (
        "a.xml",
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a [<!ENTITY e "x">]><a b="1"><c>ü &e;</c></a>',
    ),
    ("a.yaml", "a: [1, 2]\nb:\n  - x: &y z\n  - *y\n"),
    ("a.tex", "\\documentclass{article}\\begin{document}Hi $x^2$\\end{document}\n"),
    ("a.rtf", "{\\rtf1\\ansi Hello {\\b bold} \\u252? \\par}"),
    ("a.svg", '<svg xmlns="http://www.w3.org/2000/svg"><text>hi</text></svg>'),
    ("", "#!/usr/bin/env python3\nprint(1)\n"),
)
TEXTS = tuple((name, text.encode()) for name, text in _TEXT_FILES)
"""Files of formats that are text, by a name that tells the format."""

PDFS = (
    make_raw(),
    make_raw(b"BT /F 12 Tf 20 100 Td (a) Tj 0 -14 Td [(b) -200 (c)] TJ ET q 1 0 0 1 0 0 cm 0 0 9 9 re f Q"),
    make_raw(
        b"BT /F 9 Tf 1 0 0 1 20 150 Tm (Name) Tj 80 0 Td (Price) Tj ET 20 140 200 0.5 re f /Im Do",
        page=b"/Rotate 90/MediaBox[0 0 300 200]/Annots[6 0 R]",
        catalog=b"/Outlines 7 0 R/MarkInfo<</Marked true>>",
        more=[
            b"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://example.org)>>>>",
            b"<</First 8 0 R/Last 8 0 R/Count 1>>",
            b"<</Title(One)/Parent 7 0 R/Dest[3 0 R/Fit]>>",
        ],
    ),
)
"""PDFs that are spelled by hand."""

_RUNS = (
    paragraph("Hello")
    + paragraph("Head", '<w:pStyle w:val="Heading1"/>')
    + (
        '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr>'
        "<w:tr><w:tc><w:p><w:r><w:t>b</w:t><w:tab/><w:br/></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
        '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>item</w:t></w:r></w:p>'
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r><w:r>'
        '<w:fldChar w:fldCharType="end"/></w:r><m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2'
        "</m:t></m:r></m:den></m:f></m:oMath><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
    )
)
_SHAPES = (
    '<p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>Title</a:t></a:r></a:p>'
    '</p:txBody></p:sp><p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc gridSpan="2"><a:txBody><a:p><a:r>'
    '<a:t>x</a:t></a:r></a:p></a:txBody></a:tc><a:tc hMerge="1"/></a:tr></a:tbl></a:graphicData></a:graphic>'
    "</p:graphicFrame>"
)
_CELLS = {(0, 0): "Name", (0, 1): "Price", (1, 0): "oak", (1, 1): 1.5, (2, 0): "=A1", (3, 3): True}


def _unpack(data: bytes) -> dict[str, bytes]:
    """Return an archive's members, without those that hold the time."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist() if not name.startswith("docProps/")}


def _pack(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def _make_packages() -> tuple[tuple[str, dict[str, bytes], bytes], ...]:
    archives = {
        "a.docx": make_word(_RUNS, {"footnotes": '<w:footnote w:id="1"><w:p/></w:footnote>'}),
        "a.pptx": make_slides(_SHAPES),
        "a.xlsx": make_workbook({"One": _CELLS, "Two": {(0, 0): "x"}}),
        "a.ods": make_ods(make_ods_row(make_ods_cell("a"), make_ods_cell("b", repeated=3), repeated=2)),
        "a.xlsb": make_xlsb([(0, 0, 1.0), (1, 2, 2.5)]),
        "a.epub": make_book(
            {"a.xhtml": "<h1>One</h1><p>Text</p>", "b.xhtml": "<p>Two</p>"}, members={"O/p.png": make_png()}
        ),
        "a.zip": _pack({"a.txt": b"hello", "b/c.csv": b"a,b\n"}),
    }
    unpacked = {name: _unpack(data) for name, data in archives.items()}
    found = [(name, members, _pack(members)) for name, members in unpacked.items()]
    found.append(("a.xls", {}, make_xls({(0, 0): 1.0, (2, 1): 2.5})))
    texts = {
        "__substg1.0_0037001F": "Plans".encode("utf-16-le"),
        "__substg1.0_1000001F": "Hello".encode("utf-16-le"),
    }
    found.append(("a.msg", {}, make_compound({**texts, "__properties_version1.0": bytes(64)})))
    return tuple(found)


PACKAGES = _make_packages()
"""Files of formats that are archives or compound files: a name, the members of an archive, the file."""
