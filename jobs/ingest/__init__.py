"""From a feed to stored articles: fetch, parse, clean, recognise, remember."""
