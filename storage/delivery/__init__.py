"""The outbox: deliveries are planned, fanned out to followers, claimed in turn and settled."""
