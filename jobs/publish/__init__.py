"""From stored articles to posts in chats: plan, prepare, send, settle, reconcile."""
