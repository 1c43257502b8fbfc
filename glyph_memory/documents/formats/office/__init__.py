"""What Word documents and presentations share: parts and their relations, formulas, charts, diagrams, pictures.

Knows Office Open XML (ECMA-376); knows nothing about paragraphs of Word, nor about slides.
"""
