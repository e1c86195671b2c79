"""/why: the history of an article: when it was seen, what was decided, where it was sent, or why not."""

from datetime import datetime

from bot.commands.resolve import UnknownSubject, resolve_article
from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.locale import day_and_time
from bot.render import (
    Html,
    article_headline,
    bold,
    code,
    escape,
    join_html,
    render_link,
    shorten,
    to_plain_text,
)
from storage import reports, stories
from storage.records import Article, ArticleState, Decision, Delivery

SHOWN = 15  #: decisions or deliveries in each list


async def answer_why(request: Request, context: CommandContext) -> Reply:
    """An article's history, for operators."""
    article, _ = await resolve_article(request, context)
    if isinstance(article, UnknownSubject):
        return Reply(html=escape(article.sentence))
    history = await context.db.read(reports.article_history, article.id)
    together = await context.db.read(stories.list_members, article.story_id) if article.story_id else []
    said = _article_section(request, article, len(together))
    return Reply(
        html=join_html(
            "\n\n", said, _decisions_section(request, history), _deliveries_section(request, history)
        )
    )


def _article_section(request: Request, article: Article, together: int) -> Html:
    say = request.say
    lines = [
        render_link(bold(escape(article_headline(article))), article.url),
        escape(say("Published {time}", time=_full_time(request, article.published_at))),
        escape(say("First seen {time}", time=_full_time(request, article.seen_at))),
    ]
    if article.revised_at:
        revised = say(
            "Revision {number}, {time}", number=article.revision, time=_full_time(request, article.revised_at)
        )
        lines.append(escape(revised))
    if article.duplicate_of:
        lines.append(escape(say("Duplicate of article {number}.", number=article.duplicate_of)))
    if together > 1:
        count = say.with_count("A story of {count} article", "A story of {count} articles", together)
        lines.append(join_html(" · ", escape(count), code(f"/story {article.url}")))
    if article.state is ArticleState.WITHDRAWN:
        lines.append(
            join_html(" ", escape(say("Withdrawn.")), escape(_detail_line(article.withdrawn_because)))
        )
    return join_html("\n", *lines)


def _decisions_section(request: Request, history: reports.ArticleHistory) -> Html:
    if not history.decisions:
        return escape(request.say("No edition has decided on it yet."))
    return join_html("\n", *(_decision_line(request, decision) for decision in history.decisions[:SHOWN]))


def _decision_line(request: Request, decision: Decision) -> Html:
    edition = decision.edition or request.say("The newsroom")
    when = _full_time(request, decision.decided_at)
    return join_html(
        " · ",
        escape(edition),
        code(decision.verdict.value),
        escape(when),
        escape(_detail_line(decision.detail)),
    )


def _deliveries_section(request: Request, history: reports.ArticleHistory) -> Html:
    lines = [_delivery_line(request, delivery) for delivery in history.deliveries[:SHOWN]]
    if history.private:
        counted = ", ".join(f"{state.value} {count}" for state, count in history.private.items())
        lines.append(escape(request.say("Readers, as far as still recorded: {counted}", counted=counted)))
    return join_html("\n", *lines)


def _delivery_line(request: Request, delivery: Delivery) -> Html:
    settled = _full_time(request, delivery.settled_at) if delivery.settled_at else ""
    message = f"#{delivery.message_id}" if delivery.message_id else ""
    answers = f"↩ #{delivery.reply_to}" if delivery.reply_to else ""
    parts = (
        code(delivery.state.value),
        escape(message),
        escape(answers),
        escape(settled),
        escape(_detail_line(delivery.error)),
    )
    return join_html(" · ", code(str(delivery.chat_id)), *parts)


def _full_time(request: Request, moment: datetime) -> str:
    return day_and_time(moment, request.timezone, request.language)


def _detail_line(text: str) -> str:
    return shorten(to_plain_text(text[:1000]), 160)


COMMAND = Command(
    name="why",
    answer=answer_why,
    summary="What happened to an article",
    usage=(Usage("why https://…", "when it was seen, where it was sent, or why not"),),
    operators_only=True,
)
