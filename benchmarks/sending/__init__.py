"""The fan-out benchmark's parts: the newsroom that is measured, its rivals, and a million readers."""
