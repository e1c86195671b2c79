"""The Bot API's methods, a file a group. Each is a function of the cloud and the request's parameters."""
