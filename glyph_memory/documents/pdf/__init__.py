"""PDFs by pdfium: words with their places, the order they are read in, tables, links. Knows nothing about typesetting.

`file` opens one; `content` reads a page; `assembly` puts pages together as a document.
"""
