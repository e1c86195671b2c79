"""From stored articles to chats: plan, pace, send, settle."""
