"""What formats of marked-up text share: elements, tables with merged cells, pictures beside a document.

Knows marks and text; knows nothing about files' formats.
"""
