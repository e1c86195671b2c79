"""The parts of the fan-out benchmark: the measured newsroom, its peers, and a million deliveries."""
