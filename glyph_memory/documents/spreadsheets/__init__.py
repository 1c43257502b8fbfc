"""Workbooks: XLSX, XLSB, XLS and ODS. `formats/sheets.py` is their format; here is what happens around calamine.

Knows workbooks; knows nothing about pages.
"""
