"""The cleaned content of an item: plain text, summary, language, links and images."""
