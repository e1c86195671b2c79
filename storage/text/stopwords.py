"""Stop words and stemmers, for each language that has them."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache

import Stemmer

_ENGLISH = """
    a about above after again against ago all almost also although always am among an and another any
    anyone anything are around as at away back be became because become been before began behind being
    below between both but by came can cannot come could did do does doing don done down during each
    either else even ever every few first for from further gave get give go goes going gone got had has
    have having he her here hers herself him himself his how however i if in into is it its itself just
    last least less let like made make many may me might mine more most much must my myself near never
    next no nor not nothing now of off often on once one only onto or other others our ours out over own
    per perhaps quite rather really said same say saying says see seen she should since so some someone
    something still such take taken than that the their theirs them themselves then there these they
    thing this those though through thus till to together told too took toward towards two under until
    up upon us very was we well went were what when where whether which while who whom whose why will
    with within without would yes yet you your yours yourself s t d ll m re ve mr mrs ms according added
    monday tuesday wednesday thursday friday saturday sunday
"""
_GERMAN = """
    aber alle allem allen aller alles als also am an ander andere anderen anderer auch auf aus bei bin
    bis bist da damit dann das dass dein der den des dem die dies diese diesem diesen dieser dieses doch
    dort du durch ein eine einem einen einer eines er es etwas euer für gegen gewesen hab habe haben hat
    hatte hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja
    jede jedem jeden jeder jedes jene jetzt kann kein keine keinem keinen keiner können könnte machen
    man manche mehr mein mich mir mit muss musste nach nicht nichts noch nun nur ob oder ohne sehr sein
    seine seinem seinen seiner selbst sich sie sind so solche soll sollte sondern sonst um und uns unser
    unter viel vom von vor während war waren was weg weil weiter welche wenn werde werden wie wieder
    will wir wird wirst wo wollen wollte würde würden zu zum zur zwar zwischen sagte über
"""
_FRENCH = """
    à au aux avec ce ces cette cet dans de des du elle elles en et eux il ils je la le les leur leurs
    lui ma mais me même mes moi mon ne nos notre nous on ou où par pas pour qu que qui sa se ses si son
    sur ta te tes toi ton tu un une vos votre vous c d j l m n s t y été être est sont était étaient a
    ai as avait avaient avez ont sera fut comme plus tout tous toute toutes très aussi après avant entre
    sans sous dont cela ceux celle fait faire peut deux ainsi alors depuis lors
"""
_SPANISH = """
    a al algo algunas algunos ante antes como con contra cual cuando de del desde donde durante e el
    ella ellas ellos en entre era eran es esa esas ese eso esos esta estaba estado estas este esto estos
    está están fue fueron ha había habían han hasta hay la las le les lo los más me mi mientras muy nada
    ni no nos o os otra otras otro otros para pero poco por porque que quien se ser si sido sin sobre
    son su sus también tan tanto te tiene tienen toda todas todo todos tras tu un una uno unos y ya yo
    él sí así puede pueden fueron hace
"""
_INDONESIAN = """
    ada adalah agar akan aku anda antara apa atas atau bagi bahkan bahwa banyak beberapa belum bisa
    bukan dalam dan dapat dari daripada dengan di dia hal hanya harus hingga ia ini itu jika juga kami
    karena ke kepada kita lagi lain lebih maka masih mereka merupakan namun oleh pada para pun saat saja
    sama sangat saya sebagai sebuah secara sehingga sejak selama semua seperti serta setelah setiap
    sudah tahun tapi telah tentang terhadap tersebut tetapi tidak untuk yaitu yang
"""
_FINNISH = """
    ei eivät ja joka jos jotka kanssa kuin kun mutta mukaan myös ne niin noin nyt ole oli olivat olla on
    ovat se sekä sen siitä sillä sitä tai tämä tämän vain voi vaan että hän hänen he he ovat mitä mikä
    ennen jälkeen joten koska ollut jonka joita voidaan voivat
"""
_TURKISH = """
    acaba ama ancak bazı belki ben beni bir biri birkaç biz bu bunu bunun çok çünkü da daha de defa diye
    en gibi hem hep hepsi her hiç için ile ise kez ki kim mı mu mü mi nasıl ne neden nerede o olan
    olarak oldu olduğu olur on ona onu onun sonra şey şu tüm ve veya ya yani var yok kadar göre değil
    ardından tarafından
"""
_RUSSIAN = """
    и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было
    вот от меня еще нет о из ему теперь когда даже ну ли если уже или ни быть был него до вас опять уж
    вам ведь там потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была сам чтоб
    без будто чего раз тоже себе под будет ж тогда кто этот того потому этого какой совсем ним здесь
    этом один почти мой тем чтобы нее были куда зачем всех можно при об это также которые который
    которая лет году более однако между после
"""
_ARABIC = """
    في من على إلى الى عن مع هذا هذه ذلك تلك التي الذي الذين ما لا لم لن إن أن ان أو او ثم قد كان كانت
    يكون هو هي هم كما كل بعد قبل بين حتى إذا عند أي وقد وفي ومن ولا غير بعض حيث لكن أيضا منذ خلال وهو
    وهي أنه بأن كانوا التى فى له لها فيه فيها منها عليه عليها
"""
_HINDI = """
    के का की में है हैं और से को पर यह वह इस उस ने कि जो तो ही भी था थे थी हो एक लिए कर करने किया गया जा
    रहा रहे साथ अपने द्वारा बाद तक कुछ नहीं होता होती होते सकता सकते जाता या इसके उनके इन उन करते करता
    जब कोई अधिक बहुत वे लेकिन थी
"""
_PORTUGUESE = """
    a ao aos as até com como da das de dela dele do dos e ela elas ele eles em entre era essa esse esta
    este eu foi foram há isso isto já lhe mais mas me mesmo meu minha muito na nas não nem no nos nossa
    o os ou para pela pelas pelo pelos por quando que quem se sem ser seu seus só sua suas também te tem
    um uma você são
"""
_ITALIAN = """
    a ad al alla alle anche che chi ci come con da dal dalla dei del della delle di dove e è ed era fra
    gli ha hanno i il in io la le lo loro ma mi ne nei nel nella non o per perché più quella quello
    questa questo se si sono su sua sul sulla suo tra un una uno
"""
_DUTCH = """
    aan al als bij dan dat de der deze die dit door een en er had heb heeft het hij hun ik in is je kan
    maar me meer men met mij na naar niet nog nu of om onder ook op over te tot uit van veel voor want
    was wat we werd wordt worden zal ze zich zij zijn zo zou
"""
_SWEDISH = """
    alla att av blev bli den denna deras dess det dig din du där då efter ej eller en er ett från för ha
    hade han hans har hennes hon honom hur här i icke inte jag kan man med men mig min mot mycket ni nu
    när någon och om oss på samma sedan sig sin som så till under upp ut vad var vara vi vid är över
"""

#: What shows Vietnamese, whose little words are not left out: each is also a part of others.
_HINT_WORDS = {
    "vi": "bị các cho có của đã để được hai khi không là lại một này người như những từ trong và với về"
}

_LISTS = {
    "en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH, "id": _INDONESIAN, "fi": _FINNISH,
    "tr": _TURKISH, "ru": _RUSSIAN, "ar": _ARABIC, "hi": _HINDI, "pt": _PORTUGUESE, "it": _ITALIAN,
    "nl": _DUTCH, "sv": _SWEDISH,
}  # fmt: skip
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "nb": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

#: Stop words that identify a language.
_MIN_VOTES = 2


@cache
def stop_words(language: str, fold: Callable[[str], str]) -> frozenset[str]:
    """The language's stop words, folded as its texts are; empty if there is no list."""
    return frozenset(fold(word) for word in _LISTS.get(language, "").split())


def recognize_language(words: Iterable[str]) -> str:
    """The language of most stop words among these lower-case words; "" if there is hardly any.

    A model would know more languages, and takes 80 MB of memory.
    """
    votes = Counter(language for word in words for language in _languages_by_word().get(word, ()))
    best = max(votes, key=lambda language: votes[language], default="")
    return best if votes[best] >= _MIN_VOTES else ""


@cache
def _languages_by_word() -> dict[str, list[str]]:
    """For each of these stop words, the languages that have it."""
    speakers: dict[str, list[str]] = {}
    for language, listed in [*_LISTS.items(), *_HINT_WORDS.items()]:
        for word in listed.split():
            speakers.setdefault(word, []).append(language)
    return speakers


def has_stems(language: str) -> bool:
    """Whether words of the language are cut to their stems."""
    return language in _STEMMERS


@cache
def _load_stemmer(language: str) -> Callable[[str], str] | None:
    """Snowball's own C code. It keeps hold of the interpreter while it works, so threads may share it.

    Its cache is off: it is cleared in Python, in the midst of which another thread could use it.
    """
    name = _STEMMERS.get(language)
    if name is None:
        return None
    stem: Callable[[str], str] = Stemmer.Stemmer(name, 0).stemWord
    return stem


def stem_word(word: str, language: str) -> str:
    """The stem that snowball gives a lower-case word, or the word itself."""
    stemmer = _load_stemmer(language)
    return stemmer(word) if stemmer is not None else word
