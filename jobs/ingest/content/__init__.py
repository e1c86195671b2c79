"""What an item says, cleaned: plain text, summary, language, links and pictures."""
