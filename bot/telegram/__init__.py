"""The door to the Bot API: transport, sender, and errors turned into outcomes."""
