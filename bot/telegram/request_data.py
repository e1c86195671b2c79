"""Parameters of a request as python-telegram-bot's `RequestData`."""

from collections.abc import Mapping

from telegram.request import RequestData

# Private, but a RequestData is made of nothing else: docs/decisions/0018-request-parameter.md.
from telegram.request._requestparameter import RequestParameter


def json_request_data(parameters: Mapping[str, object]) -> RequestData:
    """Parameters of JSON types, without files."""
    return RequestData([RequestParameter(name, value, None) for name, value in parameters.items()])
