"""/retract: take an article back, from every chat that shows it."""

from bot.commands.subject import Unknown, article_meant
from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.render import escape, headline, plain, shorten
from storage import articles

REASON_LIMIT = 300


async def retract(request: Request, desk: Desk) -> Reply:
    """Withdraw the article named; what it owes to whom is the outbox's."""
    say = request.say
    article, reason = await article_meant(request, desk)
    if isinstance(article, Unknown):
        return Reply(html=escape(article.sentence))
    because = shorten(plain(reason), REASON_LIMIT)
    title = headline(article, 120)
    if not await desk.db.run(articles.withdraw, article.id, request.now, because):
        return Reply(html=escape(say("“{title}” was withdrawn before.", title=title)))
    desk.changed()
    return Reply(html=escape(say("“{title}” is withdrawn and being taken out of every chat.", title=title)))


COMMAND = Command(
    name="retract",
    answer=retract,
    summary="Take an article back",
    usage=(Usage("retract https://… wrong photo", "withdraw it everywhere; the reason may be left out"),),
    operators_only=True,
)
