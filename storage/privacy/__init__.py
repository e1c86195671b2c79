"""What keeps readers safe on the disk: encryption, erasure, and files that nobody else reads."""
