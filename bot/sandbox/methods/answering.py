"""answerCallbackQuery, answerInlineQuery: what a pressed button or an inline query gets."""

from bot.sandbox.cloud import Cloud, Query
from bot.sandbox.params import Params
from bot.sandbox.refusal import bad_request

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
ANSWERED_WITHIN = 30.0  #: seconds; Telegram does not say how long, PTB's and others' users see about this


def answer_callback_query(cloud: Cloud, params: Params) -> bool:
    query = _open(cloud, params.text("callback_query_id"))
    text = params.text("text")
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = {"text": text, "show_alert": params.flag("show_alert"), "url": params.text("url")}
    cloud.journal.write(cloud.clock.now(), "callback_answered", query.user_id, query=query.id, **query.answer)
    return True


def _open(cloud: Cloud, query_id: str) -> Query:
    query = cloud.queries.get(query_id)
    if query is None or cloud.clock.monotonic() - query.asked_at > ANSWERED_WITHIN:
        raise bad_request(TOO_OLD)
    return query
