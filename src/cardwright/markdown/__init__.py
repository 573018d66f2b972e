"""Markdown, cloze deletions and maths → HTML that is safe to show and that Anki does not alter.

Other front ends read the same texts as tokens and formulas.
"""
