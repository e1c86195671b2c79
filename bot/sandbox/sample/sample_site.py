"""Renders the Sandbox Gazette: its feeds and pages as text, from a NewsroomState. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape

from bot.sandbox.sample.sample_newsroom import NewsroomState, PublishedStory, related_stories

SITE_NAMES = {"en": "The Sandbox Gazette", "my": "သဲပုံ ဂေဇက်"}
NOTICES = {
    "en": "An invented story for trying Newswire. No person, place or organization in it is real.",
    "my": "Newswire ကို စမ်းကြည့်ရန် စိတ်ကူးဖြင့် ရေးထားသော သတင်းဖြစ်သည်။ ပါဝင်သူ၊ အရပ်ဒေသနှင့် အဖွဲ့အစည်းများ အားလုံး စိတ်ကူးသာ ဖြစ်သည်။",
}
LABELS = {
    "en": {
        "about": "Invented news, for trying Newswire",
        "correction": "Correction",
        "related": "Read also",
        "gone": "This story was withdrawn.",
        "missing": "There is no such page.",
        "home": "Front page",
        "feed": "Feed",
        "other": "မြန်မာ",
    },
    "my": {
        "about": "Newswire ကို စမ်းကြည့်ရန် စိတ်ကူးသတင်းများ",
        "correction": "ပြင်ဆင်ချက်",
        "related": "ဆက်စပ်သတင်းများ",
        "gone": "ဤသတင်းကို ပြန်လည် ရုပ်သိမ်းလိုက်ပါသည်။",
        "missing": "ဤစာမျက်နှာ မရှိပါ။",
        "home": "ပင်မစာမျက်နှာ",
        "feed": "သတင်းစီး",
        "other": "English",
    },
}
OTHER_LANGUAGE = {"en": "my", "my": "en"}
YANGON = timezone(timedelta(hours=6, minutes=30))


def render_feed(state: NewsroomState, language: str, site: str) -> str:
    """The newest stories as RSS 2.0 with full text. `site`: its address without a trailing slash."""
    items = state.newest_stories(language)
    changed = max((item.changed_at for item in state.published if item.language == language), default=None)
    build = f"<lastBuildDate>{format_datetime(changed)}</lastBuildDate>" if changed else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">\n'
        f"<channel><title>{escape(SITE_NAMES[language])}</title><link>{site}/{language}/</link>"
        f"<description>{escape(NOTICES[language])}</description><language>{language}</language>"
        f'<atom:link href="{site}/{language}/feed.xml" rel="self" type="application/rss+xml"/>{build}\n'
        + "\n".join(_render_item(item, site) for item in items)
        + "\n</channel></rss>\n"
    )


def _render_item(item: PublishedStory, site: str) -> str:
    url, story = f"{site}/{item.path}", item.story
    body = "".join(f"<p>{escape(text)}</p>" for text in story.paragraphs)
    categories = "".join(f"<category>{escape(name)}</category>" for name in (story.section, *story.tags))
    updated = f"<atom:updated>{item.changed_at.isoformat()}</atom:updated>" if item.corrected_at else ""
    return (
        f'<item><title>{escape(item.headline)}</title><link>{url}</link><guid isPermaLink="true">{url}</guid>'
        f"<description>{escape(item.standfirst)}</description>{categories}<dc:creator>{escape(story.byline)}"
        f"</dc:creator><pubDate>{format_datetime(item.at)}</pubDate>{updated}"
        f'<media:content url="{picture_url(item, site)}" type="image/png" medium="image" width="1200"'
        f' height="630"/><content:encoded>{escape(body)}</content:encoded></item>'
    )


def picture_url(item: PublishedStory, site: str) -> str:
    return f"{site}/pictures/{item.path}.png"


def render_front_page(state: NewsroomState, language: str, site: str) -> str:
    """The front page: the newest stories with their pictures."""
    cards = "".join(
        _render_card(item, site, large=place == 0)
        for place, item in enumerate(state.newest_stories(language))
    )
    return _render_page(language, site, SITE_NAMES[language], f"<main class=front>{cards}</main>")


def render_story(state: NewsroomState, item: PublishedStory, site: str) -> str:
    words, story = LABELS[item.language], item.story
    correction = (
        f"<p class=correction><b>{words['correction']}, {_format_time(item.corrected_at, item.language)}</b> "
        f"{escape(story.note)}</p>"
        if item.corrected_at
        else ""
    )
    related = "".join(_render_related(other, site) for other in related_stories(state, item))
    aside = f"<aside><h2>{words['related']}</h2><ul>{related}</ul></aside>" if related else ""
    body = (
        f"<main><article><p class=section>{escape(story.section)}</p><h1>{escape(item.headline)}</h1>"
        f"<p class=standfirst>{escape(item.standfirst)}</p><p class=byline>{escape(story.byline)} · "
        f"<time datetime={item.at.isoformat()}>{_format_time(item.at, item.language)}</time></p>"
        f'<img src="{picture_url(item, site)}" width=1200 height=630 alt="">{correction}'
        + "".join(f"<p>{escape(text)}</p>" for text in story.paragraphs)
        + f"</article>{aside}</main>"
    )
    return _render_page(item.language, site, item.headline, body, _render_meta(item, site))


def render_notice(language: str, site: str, word: str) -> str:
    """A page that says that a story is `gone` or a page is `missing`."""
    text = LABELS[language][word]
    return _render_page(language, site, text, f"<main><h1>{text}</h1></main>")


def _render_meta(item: PublishedStory, site: str) -> str:
    described = {
        "og:type": "article",
        "og:site_name": SITE_NAMES[item.language],
        "og:title": item.headline,
        "og:description": item.standfirst,
        "og:url": f"{site}/{item.path}",
        "og:image": picture_url(item, site),
        "og:image:width": "1200",
        "og:image:height": "630",
        "article:published_time": item.at.isoformat(),
        "article:section": item.story.section,
    }
    if item.corrected_at:
        described["article:modified_time"] = item.corrected_at.isoformat()
    lines = [f'<meta property="{name}" content="{escape(value)}">' for name, value in described.items()]
    lines.append(f'<meta name="description" content="{escape(item.standfirst)}">')
    lines.append(f'<link rel="canonical" href="{site}/{item.path}">')
    return "".join(lines)


def _render_page(language: str, site: str, title: str, body: str, meta: str = "") -> str:
    words, other, name = LABELS[language], OTHER_LANGUAGE[language], SITE_NAMES[language]
    feed_link = f"{site}/{language}/feed.xml"
    return (
        f"<!doctype html><html lang={language}><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'><meta name=robots content=noindex>"
        f"<title>{escape(title)}</title>{meta}<link rel=icon href=/icon.svg>"
        f"<link rel=stylesheet href='{site}/style.css'>"
        f"<link rel=alternate type='application/rss+xml' title='{name}' href='{feed_link}'>"
        f"</head><body><p class=notice>{NOTICES[language]}</p><header>"
        f"<a class=name href='{site}/{language}/'>{name}</a><nav>"
        f"<a href='{site}/{language}/'>{words['home']}</a>"
        f"<a href='{feed_link}'>{words['feed']}</a>"
        f"<a href='{site}/{other}/' lang={other}>{words['other']}</a></nav></header>{body}</body></html>"
    )


def _render_card(item: PublishedStory, site: str, *, large: bool) -> str:
    loading = "eager" if large else "lazy"
    return (
        f"<a class='card{' large' if large else ''}' href='{site}/{item.path}'>"
        f"<img src='{picture_url(item, site)}' width=1200 height=630 loading={loading} alt=''>"
        f"<span class=section>{escape(item.story.section)}</span><strong>{escape(item.headline)}</strong>"
        f"<span class=standfirst>{escape(item.standfirst)}</span>"
        f"<time datetime={item.at.isoformat()}>{_format_time(item.at, item.language)}</time></a>"
    )


def _render_related(item: PublishedStory, site: str) -> str:
    when = _format_time(item.at, item.language)
    return f"<li><a href='{site}/{item.path}'>{escape(item.headline)}</a> <time>{when}</time></li>"


def _format_time(at: datetime, language: str) -> str:
    """In the site's time zone, Myanmar's."""
    local = at.astimezone(YANGON)
    return local.strftime("%d.%m.%Y, %H:%M" if language == "my" else "%d %b %Y, %H:%M")


def list_languages(state: NewsroomState) -> Iterable[str]:
    """The languages of the site, sorted."""
    return state.collections.keys()
