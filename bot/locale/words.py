"""What is "Read the full story" in Burmese? One gettext catalogue a language, read when first asked for.

A language comes by adding `<tag>/LC_MESSAGES/newswire.po` to this folder; nothing else names it. The texts in
the code are English and are the keys; a test proves that every catalogue has them all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from pathlib import Path

from babel.messages.pofile import read_po

from bot.locale.quoting import SafeText, quote_text
from bot.locale.times import localize_digits

FOLDER = Path(__file__).parent
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Translator:
    """A language's words, plain and not yet escaped: `say("Updated {time}", time="14:05")`.

    Texts that are filled in come from anywhere, and are quoted; only a `Sentence` is filled in as it is.
    """

    language: str
    texts: Mapping[str, tuple[str, ...]] = field(repr=False)
    plural_form: Callable[[int], int] = field(repr=False)  #: which of a text's forms a number takes

    def __call__(self, message: str, /, **values: object) -> SafeText:
        """`message` in this language, its {names} filled in."""
        return _fill_form(self.texts.get(message, (message,))[0], values)

    def with_count(self, one: str, many: str, count: int, /, **values: object) -> SafeText:
        """`one` or `many` as the language's plurals go; {count} is written in its digits."""
        forms = self.texts.get(one, (one, many))
        form = forms[min(self.plural_form(count), len(forms) - 1)]
        return _fill_form(form, values | {"count": localize_digits(str(count), self.language)})


def _fill_form(form: str, values: Mapping[str, object]) -> SafeText:
    said = {name: quote_text(value) if isinstance(value, str) else value for name, value in values.items()}
    return SafeText(form.format(**said))


@cache
def translator_for(language: str) -> Translator:
    """The words of `language`, a tag such as "my" or "my-MM"; English where it has no catalogue."""
    tag = best_language(language)
    with (FOLDER / tag / "LC_MESSAGES" / "newswire.po").open("rb") as file:
        catalogue = read_po(file, locale=tag)
    texts = {
        _message_key(message.id): _translated_forms(message.string) for message in catalogue if message.id
    }
    return Translator(
        tag, {key: forms for key, forms in texts.items() if all(forms)}, c2py(catalogue.plural_expr)
    )


@cache
def available_languages() -> tuple[str, ...]:
    """The tags that have a catalogue."""
    return tuple(sorted(path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/newswire.po")))


def best_language(*tags: str) -> str:
    """The first of `tags` ("my", "my-MM", "my_MM") that has a catalogue, else English."""
    return next((spoken for tag in tags if (spoken := _catalogue_tag(tag))), FALLBACK)


def _catalogue_tag(tag: str) -> str:
    parts = tag.replace("_", "-").split("-")
    prefixes = ("-".join(parts[:count]).casefold() for count in range(len(parts), 0, -1))
    known = {language.casefold(): language for language in available_languages()}
    return next((known[prefix] for prefix in prefixes if prefix in known), "")


def _message_key(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _translated_forms(translation: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (translation,) if isinstance(translation, str) else tuple(translation or ("",))
