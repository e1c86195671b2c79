"""The methods of the Bot API by group. Each is a function of the state and the request's parameters."""
