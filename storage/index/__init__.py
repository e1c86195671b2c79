"""The text index: finds the articles that say something, and those that are related to another."""

from storage.index.explain import Evidence
from storage.index.index import Hit, Index, Neighbourhood
from storage.index.query_parser import Question
from storage.index.search import Found, Results

__all__ = ["Evidence", "Found", "Hit", "Index", "Neighbourhood", "Question", "Results"]
