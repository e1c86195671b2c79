"""/why: what became of this article? Seen when, decided how, sent where, or why not."""

from datetime import datetime

from bot.commands.resolve import Unknown, article_meant
from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.locale import day_and_time
from bot.render import Html, bold, code, escape, headline, joined, link, plain, shorten
from storage import reports, stories
from storage.records import Article, ArticleState, Decision, Delivery

SHOWN = 15  #: chats and decisions in a list


async def why(request: Request, desk: Desk) -> Reply:
    """An article's life."""
    article, _ = await article_meant(request, desk)
    if isinstance(article, Unknown):
        return Reply(html=escape(article.sentence))
    life = await desk.db.read(reports.life, article.id)
    together = await desk.db.read(stories.members, article.story_id) if article.story_id else []
    said = _said(request, article, len(together))
    return Reply(html=joined("\n\n", said, _decided(request, life), _sent(request, life)))


def _said(request: Request, article: Article, together: int) -> Html:
    say = request.say
    lines = [
        link(bold(escape(headline(article))), article.url),
        escape(say("Published {time}", time=_time(request, article.published_at))),
        escape(say("Seen {time}", time=_time(request, article.seen_at))),
    ]
    if article.revised_at:
        revised = say(
            "Revision {number}, {time}", number=article.revision, time=_time(request, article.revised_at)
        )
        lines.append(escape(revised))
    if article.duplicate_of:
        lines.append(escape(say("Tells the same news as article {number}.", number=article.duplicate_of)))
    if together > 1:
        count = say.number_of("A story of {count} article", "A story of {count} articles", together)
        lines.append(joined(" · ", escape(count), code(f"/story {article.url}")))
    if article.state is ArticleState.WITHDRAWN:
        lines.append(joined(" ", escape(say("Withdrawn.")), escape(_line(article.withdrawn_because))))
    return joined("\n", *lines)


def _decided(request: Request, life: reports.Life) -> Html:
    if not life.decisions:
        return escape(request.say("No edition has decided about it yet."))
    return joined("\n", *(_decision(request, decision) for decision in life.decisions[:SHOWN]))


def _decision(request: Request, decision: Decision) -> Html:
    edition = decision.edition or request.say("The newsroom")
    when = _time(request, decision.decided_at)
    return joined(
        " · ", escape(edition), code(decision.verdict.value), escape(when), escape(_line(decision.detail))
    )


def _sent(request: Request, life: reports.Life) -> Html:
    lines = [_delivery(request, delivery) for delivery in life.deliveries[:SHOWN]]
    if life.private:
        counted = ", ".join(f"{state.value} {count}" for state, count in life.private.items())
        lines.append(escape(request.say("Readers, as far as it is still kept: {counted}", counted=counted)))
    return joined("\n", *lines)


def _delivery(request: Request, delivery: Delivery) -> Html:
    settled = _time(request, delivery.settled_at) if delivery.settled_at else ""
    message = f"#{delivery.message_id}" if delivery.message_id else ""
    answers = f"↩ #{delivery.reply_to}" if delivery.reply_to else ""
    parts = (
        code(delivery.state.value),
        escape(message),
        escape(answers),
        escape(settled),
        escape(_line(delivery.error)),
    )
    return joined(" · ", code(str(delivery.chat_id)), *parts)


def _time(request: Request, moment: datetime) -> str:
    return day_and_time(moment, request.timezone, request.language)


def _line(text: str) -> str:
    return shorten(plain(text[:1000]), 160)


COMMAND = Command(
    name="why",
    answer=why,
    summary="The life of an article",
    usage=(Usage("why https://…", "seen when, sent where, or why not"),),
    operators_only=True,
)
