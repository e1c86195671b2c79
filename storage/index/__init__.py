"""The text index: finds the articles that say something, and those that are related to another."""

from storage.index.evidence import Evidence
from storage.index.grammar import Question
from storage.index.index import Hit, Index, Neighbourhood
from storage.index.search import Found, Results

__all__ = ["Evidence", "Found", "Hit", "Index", "Neighbourhood", "Question", "Results"]
