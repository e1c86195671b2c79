"""From feeds to stored articles: fetch, parse, clean, dedupe, store."""
