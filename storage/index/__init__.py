"""The text index: finds the articles that match a query, and those related to an article."""

from storage.index.explain import Explanation
from storage.index.index import Hit, Index, Neighbourhood
from storage.index.query_parser import SearchQuery
from storage.index.search import SearchHit, SearchResults

__all__ = ["Explanation", "Hit", "Index", "Neighbourhood", "SearchHit", "SearchQuery", "SearchResults"]
