"""The Sandbox Gazette: a sample newsroom with its stories, its site and its feed."""
