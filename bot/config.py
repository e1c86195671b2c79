"""Every option, its default and its meaning, read once from the environment and `.env`."""
