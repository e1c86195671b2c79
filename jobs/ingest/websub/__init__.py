"""WebSub: subscribing at hubs, and believing what they push."""
