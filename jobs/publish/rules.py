"""The rules of editions: each one's verdict about an article, and the post that follows from it; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.config import Edition, PublishPolicy, QuietHours, QuietMode
from jobs.publish.keyword_match import find_term
from storage.delivery.planning import ArticleForPlanning, EntryForPlanning, NewPost
from storage.records import Article, ArticleState, Chat, Decision, Lane, PostKind, Verdict

#: Verdicts that lead to a post of the article's own.
POSTED_VERDICTS = frozenset({Verdict.PLANNED, Verdict.HELD})


@dataclass(frozen=True, slots=True)
class EditionVerdict:
    """An edition's verdict about one article, and how it is to be posted."""

    verdict: Verdict
    detail: str = ""
    breaking: bool = False
    not_before: datetime | None = None
    silent: bool = False


@dataclass(slots=True)
class Plan:
    """What is written about a few articles, in one transaction."""

    decisions: list[Decision] = field(default_factory=list)
    posts: list[NewPost] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)


def make_plan(
    rows: Sequence[ArticleForPlanning],
    policy: PublishPolicy,
    channels: Mapping[str, Sequence[Chat]],
    last_routine: Mapping[int, datetime],
    now: datetime,
) -> Plan:
    """The plan for `rows`; `channels` by edition; `last_routine` by chat, from which MIN_GAP counts."""
    made, last = Plan(), dict(last_routine)
    posted: dict[int, set[str]] = {row.article.id: set() for row in rows}
    late: dict[str, list[int]] = {}
    for row in rows:
        given = {chat.id for name in row.posted for chat in channels.get(name, ())}
        posted_by = row.posted_original | posted.get(row.article.duplicate_of or 0, set())
        mine = [edition for edition in policy.editions if _edition_sightings(row, edition)]
        for edition in (each for each in mine if _needs_decision(row, each)):
            judged = judge_article(row, edition, policy, posted_by, now)
            if judged.verdict is Verdict.CATCH_UP and edition.name in row.caught_up:
                continue
            made.decisions.append(_build_decision(row.article, edition.name, judged, now))
            if judged.verdict in POSTED_VERDICTS:
                posted[row.article.id].add(edition.name)
                new = [chat.id for chat in channels.get(edition.name, ()) if chat.id not in given]
                given.update(new)
                made.posts.append(_build_post(row.article, edition, judged, new, last, policy.min_gap, now))
            elif judged.verdict is Verdict.CATCH_UP:
                late.setdefault(edition.name, []).append(row.article.id)
        if not mine and "" not in row.decided:
            made.decisions.append(
                _build_decision(row.article, "", EditionVerdict(Verdict.NOT_INCLUDED, NO_EDITION), now)
            )
        made.articles.append(row.article)
    for name, ids in late.items():
        made.posts.append(
            build_catch_up(name, ids, [chat.id for chat in channels.get(name, ())], now, readers=True)
        )
    return made


NO_EDITION = "no edition has its feed"


def _needs_decision(row: ArticleForPlanning, edition: Edition) -> bool:
    """Whether an edition has to decide: for the first time, or because another of its feeds brings it."""
    news = any(not one.backlog and not one.planned for one in _edition_sightings(row, edition))
    return edition.name not in row.decided or (news and edition.name not in row.posted)


def _edition_sightings(row: ArticleForPlanning, edition: Edition) -> list[EntryForPlanning]:
    return [one for one in row.entries if one.feed in edition.feed_urls]


def judge_article(
    row: ArticleForPlanning,
    edition: Edition,
    policy: PublishPolicy,
    posted_by: frozenset[str] | set[str],
    now: datetime,
) -> EditionVerdict:
    """One edition's verdict; `posted_by`: the editions that posted the article that this one repeats.

    What any of the edition's feeds alone would have posted is posted: that the article is in one feed's
    backlog, or old in one feed, does not matter if another feed brings it as news.
    """
    article = row.article
    news = [one for one in _edition_sightings(row, edition) if not one.backlog]
    if article.state is ArticleState.WITHDRAWN:
        return EditionVerdict(Verdict.WITHDRAWN)
    if not news:
        return EditionVerdict(Verdict.BACKFILL)
    if term := find_term(edition.exclude, article):
        return EditionVerdict(Verdict.EXCLUDED, term)
    if edition.include and not (term := find_term(edition.include, article)):
        return EditionVerdict(Verdict.NOT_INCLUDED)
    if edition.name in posted_by:
        return EditionVerdict(Verdict.DUPLICATE, f"of article {article.duplicate_of}")
    breaking = find_term(edition.breaking, article)
    if all(now - one.published_at > policy.max_age for one in news):
        missed = any(one.newest is not None and one.published_at > one.newest for one in news)
        if not missed:
            return EditionVerdict(Verdict.TOO_OLD)
        if not breaking:
            return EditionVerdict(Verdict.CATCH_UP)
    if breaking:
        return EditionVerdict(Verdict.PLANNED, f"breaking: {breaking}", breaking=True, not_before=now)
    return _schedule_routine(article, edition, now)


def _schedule_routine(article: Article, edition: Edition, now: datetime) -> EditionVerdict:
    """The verdict of a routine post: when it is sent, and whether silently."""
    send_at, reasons = now, []
    if edition.hold and article.seen_at + edition.hold > now:
        send_at = article.seen_at + edition.hold
        reasons.append("held for an editor")
    quiet = edition.quiet_hours is not None and is_quiet(edition.quiet_hours, edition.timezone, send_at)
    if quiet and edition.quiet_mode is QuietMode.HOLD and edition.quiet_hours:
        send_at = quiet_end(edition.quiet_hours, edition.timezone, send_at)
        reasons.append("quiet hours")
        quiet = False
    if reasons:
        until = send_at.astimezone(edition.timezone).strftime("%Y-%m-%d %H:%M")
        detail = f"{' and '.join(reasons)}, until {until}"
        return EditionVerdict(Verdict.HELD, detail, not_before=send_at, silent=quiet)
    return EditionVerdict(
        Verdict.PLANNED, "silent: quiet hours" if quiet else "", not_before=send_at, silent=quiet
    )


def is_quiet(hours: QuietHours, zone: ZoneInfo, moment: datetime) -> bool:
    """Whether `moment` lies in the quiet hours."""
    return hours.includes_time(moment.astimezone(zone).time())


def quiet_end(hours: QuietHours, zone: ZoneInfo, moment: datetime) -> datetime:
    """When the quiet hours that contain `moment` end."""
    local = moment.astimezone(zone)
    end = local.replace(hour=hours.end.hour, minute=hours.end.minute, second=hours.end.second, microsecond=0)
    if end <= local:
        end += timedelta(days=1)
    return end.astimezone(moment.tzinfo)


def build_catch_up(
    edition: str, article_ids: Sequence[int], chats: Sequence[int], now: datetime, *, readers: bool = False
) -> NewPost:
    """One post for all articles that are too old for posts of their own; `readers`: followers get it, too."""
    return NewPost(
        kind=PostKind.CATCH_UP,
        lane=Lane.ROUTINE,
        edition=edition,
        text=" ".join(str(number) for number in article_ids),
        not_before=now,
        chats=tuple((chat_id, now) for chat_id in chats),
        followers=readers,
    )


def _build_post(
    article: Article,
    edition: Edition,
    judged: EditionVerdict,
    chats: Sequence[int],
    last: dict[int, datetime],
    gap: timedelta,
    now: datetime,
) -> NewPost:
    not_before = judged.not_before or now
    times = dict.fromkeys(chats, not_before)
    if gap and not judged.breaking:
        times = {chat: max(not_before, last[chat] + gap) if chat in last else not_before for chat in chats}
        last.update(times)
    return NewPost(
        kind=PostKind.ARTICLE,
        lane=Lane.BREAKING if judged.breaking else Lane.ROUTINE,
        edition=edition.name,
        article_id=article.id,
        silent=judged.silent,
        revision=article.revision,
        not_before=not_before,
        chats=tuple(times.items()),
        followers=True,
    )


def _build_decision(article: Article, edition: str, judged: EditionVerdict, now: datetime) -> Decision:
    return Decision(
        article_id=article.id,
        edition=edition,
        verdict=judged.verdict,
        detail=judged.detail,
        decided_at=now,
    )
