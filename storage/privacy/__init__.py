"""What protects readers on the disk: encrypted ids, erased rows, and files only for the bot's own user."""
