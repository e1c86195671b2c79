"""Situations that went wrong somewhere (public bug reports, attacks, daily use), each with its right result.

A test's name begins with its case: 1a, B2, X4.
"""
