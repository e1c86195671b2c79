"""Translation: one gettext catalog per language, loaded on first use.

To add a language, add `<tag>/LC_MESSAGES/newswire.po` to this folder. The English texts in the code are the
message ids; a test checks that every catalog has them all.
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
    """Translates messages into one language, as plain text: `say("Updated {time}", time="14:05")`.

    String values are quoted, as they may come from anywhere, unless they are `SafeText`.
    """

    language: str
    texts: Mapping[str, tuple[str, ...]] = field(repr=False)
    plural_form: Callable[[int], int] = field(repr=False)  #: the index of the plural form for a number

    def __call__(self, message: str, /, **values: object) -> SafeText:
        """`message` in this language, with its {names} filled in; untranslated if the catalog lacks it."""
        return _fill_form(self.texts.get(message, (message,))[0], values)

    def with_count(self, one: str, many: str, count: int, /, **values: object) -> SafeText:
        """The plural form for `count`, with {count} written in the language's digits."""
        forms = self.texts.get(one, (one, many))
        form = forms[min(self.plural_form(count), len(forms) - 1)]
        return _fill_form(form, values | {"count": localize_digits(str(count), self.language)})


def _fill_form(form: str, values: Mapping[str, object]) -> SafeText:
    said = {name: quote_text(value) if isinstance(value, str) else value for name, value in values.items()}
    return SafeText(form.format(**said))


@cache
def translator_for(language: str) -> Translator:
    """The translator for a tag such as "my" or "my-MM"; English if there is no catalog for it."""
    tag = best_language(language)
    with (FOLDER / tag / "LC_MESSAGES" / "newswire.po").open("rb") as file:
        catalog = read_po(file, locale=tag)
    texts = {_message_key(message.id): _translated_forms(message.string) for message in catalog if message.id}
    return Translator(
        tag, {key: forms for key, forms in texts.items() if all(forms)}, c2py(catalog.plural_expr)
    )


@cache
def available_languages() -> tuple[str, ...]:
    """The tags that have a catalog, sorted."""
    return tuple(sorted(path.parts[-3] for path in FOLDER.glob("*/LC_MESSAGES/newswire.po")))


def best_language(*tags: str) -> str:
    """The first of `tags` ("my", "my-MM", "my_MM") that has a catalog, else English."""
    return next((spoken for tag in tags if (spoken := _catalog_tag(tag))), FALLBACK)


def _catalog_tag(tag: str) -> str:
    parts = tag.replace("_", "-").split("-")
    prefixes = ("-".join(parts[:count]).casefold() for count in range(len(parts), 0, -1))
    known = {language.casefold(): language for language in available_languages()}
    return next((known[prefix] for prefix in prefixes if prefix in known), "")


def _message_key(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def _translated_forms(translation: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (translation,) if isinstance(translation, str) else tuple(translation or ("",))
