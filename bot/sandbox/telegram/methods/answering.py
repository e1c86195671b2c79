"""answerCallbackQuery and answerInlineQuery."""

from bot.sandbox.api_error import bad_request
from bot.sandbox.telegram import compose
from bot.sandbox.telegram.messages import Json
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.state import PendingQuery, TelegramState

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
MOST_RESULTS = 50
ANSWER_TIMEOUT = (
    30.0  #: seconds; not documented, users of python-telegram-bot and other libraries observe about this
)


def answer_callback_query(state: TelegramState, params: Params) -> bool:
    query = _find_open_query(state, params.text("callback_query_id"))
    text = params.text("text")
    if len(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    query.answer = {"text": text, "show_alert": params.flag("show_alert"), "url": params.text("url")}
    state.event_log.append(
        state.clock.now(), "callback_answered", query.user_id, query=query.id, **query.answer
    )
    return True


def answer_inline_query(state: TelegramState, params: Params) -> bool:
    results = params.json_value("results", "can't parse inline query results JSON object")
    if not isinstance(results, list):
        raise bad_request("results must be an Array")
    if len(results) > MOST_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    ids = [str(result.get("id", "")) if isinstance(result, dict) else "" for result in results]
    if any(not 1 <= len(given.encode()) <= 64 for given in ids):
        raise bad_request("RESULT_ID_INVALID")
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    if len(params.text("next_offset").encode()) > 64:
        raise bad_request("NEXT_OFFSET_INVALID")
    for result in results:
        _check_content(result)
    query = _find_open_query(state, params.text("inline_query_id"))
    query.answer = {"results": results, "next_offset": params.text("next_offset")}
    return True


def _check_content(result: Json) -> None:
    """Check the message that a result would send like any other."""
    words = result.get("input_message_content") or {}
    if isinstance(words, dict) and "message_text" in words:
        given, mode = str(words["message_text"]), str(words.get("parse_mode") or "")
        if not given:
            raise bad_request("message text is empty")
        compose.clean_text(*compose.parse_text(given, mode, words.get("entities")), compose.SENT_TEXT)


def _find_open_query(state: TelegramState, query_id: str) -> PendingQuery:
    query = state.queries.get(query_id)
    if query is None or state.clock.monotonic() - query.asked_at > ANSWER_TIMEOUT:
        raise bad_request(TOO_OLD)
    return query
