"""The outbox: what is owed to which chat, who is next, what was claimed, and what came of it."""
