"""The Sandbox Gazette: a sample newsroom with its stories, site and feeds."""
