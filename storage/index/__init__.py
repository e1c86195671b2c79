"""The text index: finds the articles that say something, and those that are related to another."""

from storage.index.explain import Explanation
from storage.index.index import Hit, Index, Neighbourhood
from storage.index.query_parser import SearchQuery
from storage.index.search import SearchHit, SearchResults

__all__ = ["Explanation", "Hit", "Index", "Neighbourhood", "SearchHit", "SearchQuery", "SearchResults"]
