"""/retract: withdraw an article from every chat that shows it, after a confirmation.

A deleted post cannot be restored with its views and replies, so the typed command only asks. The button under
that question withdraws; it holds the article and the reason. A reason too long for a button is kept in memory
and lost in a restart.
"""

import re

from bot.commands.arguments import fits_button
from bot.commands.resolve import UnknownSubject, resolve_article
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.locale import Translator
from bot.render import Button, Html, article_headline, bold, escape, join_html, shorten, to_plain_text
from jobs.config import Withdrawals
from storage import articles
from storage.delivery.reach import Reach, count_reach
from storage.records import Article, ArticleState

REASON_LIMIT = 300

#: The words of our own buttons: "yes 7 wrong photo", "yes 7 ~1f2e3d4c5b6a", "no".
_YES = re.compile(r"yes (?P<article>[0-9]{1,18})(?: (?P<reason>.*))?", re.DOTALL)
_NO = "no"


async def answer_retract(request: Request, context: CommandContext) -> Reply:
    """Ask whether to withdraw the article; a pressed button does so."""
    if request.pressed and (found := _YES.fullmatch(request.words)):
        return await _withdraw_article(request, context, int(found["article"]), found["reason"] or "")
    if request.pressed and request.words == _NO:
        return Reply(html=escape(request.say("Nothing was withdrawn.")))
    article, reason = await resolve_article(request, context)
    if isinstance(article, UnknownSubject):
        return Reply(html=escape(article.sentence))
    if article.state is ArticleState.WITHDRAWN:
        return _already_withdrawn(request, article)
    return await _ask_confirmation(request, context, article, shorten(to_plain_text(reason), REASON_LIMIT))


async def _ask_confirmation(
    request: Request, context: CommandContext, article: Article, reason: str
) -> Reply:
    say = request.say
    default = next((edition.name for edition in context.policy.editions), "")
    reach = await context.db.read(count_reach, article.id, default)
    parts: list[Html] = [
        bold(escape(say("Withdraw “{title}”?", title=article_headline(article, 120)))),
        escape(_describe_reach(say, reach)),
        escape(_describe_withdrawal(say, context.policy.withdrawals)),
        escape(say("Reason: {reason}", reason=reason)) if reason else escape(""),
    ]
    yes = Button(say("Withdraw"), command=_confirm_command(request, context, article, reason))
    no = Button(say("Cancel"), command=f"retract {_NO}")
    return Reply(html=join_html("\n\n", *parts), buttons=((yes, no),))


async def _withdraw_article(request: Request, context: CommandContext, article_id: int, reason: str) -> Reply:
    """Mark the article as withdrawn; the publisher then removes its posts."""
    say = request.say
    kept: str | None = reason
    if reason.startswith("~"):
        kept = context.memory.recall_question(request.chat.id, reason)
    article = await context.db.read(articles.get, article_id)
    if kept is None or article is None:
        text = say("That button has expired. Please ask again.")
        return Reply(html=escape(text), unavailable=True)
    if not await context.db.run(articles.withdraw, article.id, request.now, kept):
        return _already_withdrawn(request, article)
    context.wake_publisher()
    title = article_headline(article, 120)
    if context.policy.withdrawals is Withdrawals.OFF:
        return Reply(
            html=escape(say("“{title}” is withdrawn; its posts stay (WITHDRAWALS=off).", title=title))
        )
    return Reply(
        html=escape(say("“{title}” is withdrawn and is being removed from every chat.", title=title))
    )


def _confirm_command(request: Request, context: CommandContext, article: Article, reason: str) -> str:
    command = f"retract yes {article.id} {reason}".strip()
    if fits_button(command) and not reason.startswith("~"):
        return command
    return f"retract yes {article.id} {context.memory.remember_question(request.chat.id, reason)}"


def _describe_reach(say: Translator, reach: Reach) -> str:
    """Where it was or is about to be sent: "in 2 channels and to 1 reader"."""
    channels = say.with_count("in {count} channel", "in {count} channels", reach.channels)
    groups = say.with_count("in {count} group", "in {count} groups", reach.groups)
    readers = say.with_count("to {count} reader", "to {count} readers", reach.readers)
    counted = ((channels, reach.channels), (groups, reach.groups), (readers, reach.readers))
    parts = [words for words, count in counted if count]
    if not parts:
        return say("It hasn't been sent to anyone, and isn't about to be.")
    *others, last = parts
    where = say("{some} and {last}", some=", ".join(others), last=last) if others else last
    return say("It was sent, or is about to be: {where}.", where=where)


def _describe_withdrawal(say: Translator, withdrawals: Withdrawals) -> str:
    match withdrawals:
        case Withdrawals.OFF:
            return say("Its posts stay (WITHDRAWALS=off), but lists and searches will no longer show it.")
        case Withdrawals.NOTE:
            return say("Each post will be replaced by a note. This cannot be undone.")
        case _:
            return say("Each post will be deleted, with its views and replies. This cannot be undone.")


def _already_withdrawn(request: Request, article: Article) -> Reply:
    text = request.say("“{title}” is already withdrawn.", title=article_headline(article, 120))
    return Reply(html=escape(text), unavailable=request.pressed)


COMMAND = Command(
    name="retract",
    answer=answer_retract,
    summary="Retract an article",
    usage=(Usage("retract https://… wrong photo", "asks first, then withdraws it; the reason is optional"),),
    operators_only=True,
)
