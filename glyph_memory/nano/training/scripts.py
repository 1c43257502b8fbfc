"""Make up text of other scripts and languages than English: Cyrillic, Greek, Latin with accents, Japanese.

Most words are made up of a script's own letters, since the network is to know letters and no words. Knows the letters;
knows nothing about pages.
"""

from __future__ import annotations

import unicodedata
from random import Random

from glyph_memory.nano.alphabet import CLASSES, IDEOGRAPHS, TWIN_OF
from glyph_memory.nano.training.library import load_library

_LETTERS = {
    "Russian": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "Ukrainian": "оанивітеркслмудпязбьгчйхцжїюєшщфґ",
    "Bulgarian": "аионетрсвлкдпмзяъбугчцжщхюшйфь",
    "Serbian": "аиоенсртјукдвпмлзгбчшцжћхњљфђџ",
    "Belarusian": "аіенрстодкяылвпумзцбйьчўыгшхжюэёф",
    "Greek": "αοιετσνηυρπκμλςωδγχθφβξζψίάόέήύώϊΐϋΰ",
    "Turkish": "aeinrlıdkmuytsboüşzgçhğvcöpfj",
    "Polish": "iaeoznrwsctykdpmujlłbgęhąóśćńżźf",
    "Czech": "eoantsivkrldpmuíězáyjhcéčbřžšýůfgúťóňďx",
    "German": "enisratdhulcgmobwfkzpüväßöjyxq",
    "French": "esaitnrulodcmpévqfbghjàxèêyzçôûùâîïëœkw",
    "Spanish": "eaosrnidltcumpbgvyqóíhfzjéáñxúükw",
    "Portuguese": "aeosridmntculpgvbfhqãéáíçzjxóêúâõàôkw",
    "Hungarian": "eatlnskomzrigáéydbvhjpöóuőücíúűf",
    "Romanian": "eiarntulocsdpmăfvîgbâzhjxk",
    "Swedish": "eantrsildomkgväfhupåöbcyjxwzéæø",
    "Esperanto": "aeionlsrtkjudmpvgfbcĝĉŭzŝhĵĥ",
    "Baltic": "aisteunrkolmdpvāēīūšžčķļņģėįųęąyjgbzcfh",
}
"""Of each language, its letters, the frequent ones first."""

_WORDS = {
    "Russian": "и в не на что он как это по но они мы этот который мочь год человек время дело жизнь день рука раз "
    "работа слово место вопрос лицо друг глаз голова страна мир случай сила конец вид система часть город отношение "
    "если только уже или ещё быть даже под где есть над чтобы когда сейчас поле имя пароль файл ошибка значение "
    "память страница строка сервер запрос ответ привет программа",
    "Ukrainian": "і в не на що він як це та але вони ми цей який могти рік людина час справа життя день рука робота "
    "слово місце питання її їх є ґанок об'єкт файл помилка значення пам'ять сторінка рядок сервер запит відповідь",
    "Greek": "και το να του η της με που την από για είναι στο οι θα τα δεν στη μια ένα χρόνος μέρα άνθρωπος ζωή "
    "κόσμος χώρα πόλη λέξη σελίδα μνήμη αρχείο λάθος τιμή όνομα ερώτηση απάντηση Αθήνα Ελλάδα Όλα Ύστερα Έτσι",
    "Turkish": "ve bir bu da için ile çok daha gibi olan kadar sonra ne var yıl gün insan zaman iş yaşam el dünya "
    "şey yol ışık sınır kıyı ağır değil öğrenci çalışma yanlış dosya bellek sayfa satır sunucu değer İstanbul Iğdır",
    "Vietnamese": "và của là có được cho trong một các những này đã không với người để khi từ đến về năm ngày nhà "
    "nước việc làm ra vào cũng như nhưng thì tôi anh chị em ông bà bộ nhớ trang dòng tệp lỗi giá trị câu hỏi trả lời "
    "máy chủ sửa chữa cửa sổ gửi lửa ngữ nghĩa đường phố Việt Nam tiếng",
    "Polish": "i w nie na że się jest to do jak ale za co tak już od był po jego czy przez tylko też może który rok "
    "człowiek czas dzień życie praca ręka miejsce świat błąd plik pamięć strona wiersz wartość żółć źródło",
    "Czech": "a v se na že je to s z do i o k ale jako po za být který rok člověk den čas život práce ruka místo svět "
    "chyba soubor paměť stránka řádek hodnota příliš žluťoučký kůň úpěl ďábelské ódy",
    "German": "und der die das in zu den von mit sich auf für ist im dem nicht ein eine als auch es an werden aus er "
    "hat daß wir über können müssen größer Straße Überschrift Änderung Größe Schlüssel Datei Fehler Wert Zeile Seite",
    "French": "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se à être où déjà très "
    "après même été élève forêt garçon cœur œuvre français fichier mémoire réponse naïve Noël âge île août sûr",
    "Spanish": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me "
    "sin sobre este ya entre cuando todo ser año niño mañana corazón memoria página línea según había está también "
    "qué cómo dónde pingüino",
}  # fmt: skip

_ONSETS = (*"bcdđghklmnpqrstvx", "ch", "gh", "gi", "kh", "ng", "ngh", "nh", "ph", "th", "tr")
_CODAS = ("", "", "", "c", "ch", "m", "n", "ng", "nh", "p", "t", "i", "o", "u", "y")
_VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3094)))
_KATAKANA = "".join(map(chr, (*range(0x30A1, 0x30F7), 0x30FC, 0x30FC)))
_KANJI = tuple(one for one in IDEOGRAPHS if ord(one) >= 0x4E00)
_KNOWN = frozenset((*CLASSES, *TWIN_OF))
_AFTER = ("", "", "", "", "", "", ",", ".", ",", ".", ":", ";", "?", "!", " –", " —", "…", ")", "»")
_JOINTS = ("_", "-", ".", "/", "=", ":", "", "(", "+", "'", "·")
LANGUAGES = (*_LETTERS, "Vietnamese")
_COMMON = (
    "Russian",
    "Russian",
    "Ukrainian",
    "Greek",
    "Turkish",
    "Vietnamese",
    "Vietnamese",
    "Polish",
    "German",
    "French",
)


def make_language(random: Random) -> str:
    """Make up sentences in one language."""
    language = random.choice(_COMMON) if random.random() < 0.6 else random.choice(LANGUAGES)
    words = (make_word(random, language) for _ in range(random.randint(8, 70)))
    return " ".join(word + random.choice(_AFTER) for word in words)


def make_languages(random: Random) -> str:
    """Make up words of two languages side by side, often glued together: identifiers of mixed scripts too."""
    language = random.choice(_COMMON) if random.random() < 0.7 else random.choice(LANGUAGES)
    english = load_library().words
    parts = list[str]()
    for _ in range(random.randint(6, 40)):
        one, other = make_word(random, language), random.choice(english)
        if random.random() < 0.25:
            one = random.choice(_LETTERS.get(language, _VIETNAMESE))
        pair = random.choice(((one, other), (other, one), (one, other), (one, str(random.randrange(1000)))))
        parts.append(random.choice((random.choice(_JOINTS).join(pair), " ".join(pair), other)))
    return random.choice((" ", " ", ", ", "\n")).join(parts)


def make_japanese(random: Random) -> str:
    """Make up Japanese: kana, ideographs among them, signs of full width, some Latin."""

    def make_piece() -> str:
        kana = random.choice((_HIRAGANA, _HIRAGANA, _KATAKANA))
        made = "".join(random.choices(kana, k=random.randint(1, 8)))
        if random.random() < 0.6:
            made = "".join(random.choices(_KANJI, k=random.randint(1, 4))) + made
        if random.random() < 0.1:
            made += random.choice((" API ", f"{random.randrange(3000)}年", "(x)", " v2.1 ", "100%"))
        return made + random.choice(("", "", "", "、", "。", "「", "」", "・", "！", "？", "ー", "（", "）"))

    return "".join(make_piece() for _ in range(random.randint(4, 30)))


def make_word(random: Random, language: str) -> str:
    """Make up a word of a language, or take a real one."""
    if language in _WORDS and random.random() < 0.4:
        word = random.choice(_WORDS[language].split())
    elif language == "Vietnamese":
        word = random.choice(_ONSETS) + random.choice(_VIETNAMESE) + random.choice(_CODAS)
    else:
        letters = _LETTERS[language]
        weights = [1 / (place + 6) for place in range(len(letters))] if random.random() < 0.7 else None
        word = "".join(random.choices(letters, weights, k=random.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 11))))
        if language == "Greek":
            word = word[:-1].replace("ς", "σ") + word[-1:]
    cased = unicodedata.normalize("NFC", random.choice((str, str, str, str.capitalize, str.upper))(word))
    return cased if _KNOWN.issuperset(cased) else word
