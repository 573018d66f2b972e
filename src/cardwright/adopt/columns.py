"""What the columns of a table hold: by the user's word, by their names, or by their place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cardwright.text import list_names

FRONT: Final = "front"
BACK: Final = "back"
"""The two sides of a card, whatever its kind calls them."""
TAGS: Final = "tags"
DECK: Final = "deck"
GUID: Final = "guid"
ID: Final = "id"
NOTE_TYPE: Final = "notetype"
SEPARATOR: Final = "separator"
"""The text between cells, which `--map` can name as well."""
IDENTITY: Final = (TAGS, DECK, GUID, ID, NOTE_TYPE)
"""What belongs to a note besides its fields."""
COMMON: Final = ("extra", "sources", "lesson")
"""Fields that a card of any kind can have."""
CLOZE: Final = "cloze"
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "basic": ("question", "answer"),
    "term": ("term", "definition", "example", "contrast"),
    "vocabulary": ("word", "translation", "reading", "audio", "image", "example"),
    CLOZE: ("text",),
}
"""The fields of the built-in kinds that tables are adopted as; the first two are the sides."""
_SIDES: Final = {
    FRONT: FRONT,
    BACK: BACK,
    **{names[0]: FRONT for names in KINDS.values()},
    **{names[1]: BACK for kind, names in KINDS.items() if kind != CLOZE},
}
_PAIR: Final = (FRONT, BACK)
MEDIA: Final = ("audio", "image")
"""Fields that may be the name of a file."""
_SIDED: Final = ("basic", "term", "vocabulary")
"""In order of preference."""
FIELDS: Final = tuple(
    dict.fromkeys(
        (
            FRONT,
            BACK,
            *(name for names in KINDS.values() for name in names),
            *COMMON,
            *IDENTITY,
            SEPARATOR,
        )
    )
)
"""Everything that `--map` can name."""
_NEXT_FIELD: Final = re.compile(rf",\s*(?=(?:{'|'.join(FIELDS)})=)")
_MAX_NAME: Final = 60
_SPACE: Final = re.compile(r"[\W_]+")

_NAMES: Final = {
    FRONT: "front|recto|vorderseite|anverso|frente|fronte|voorkant|voorzijde|przód|lado a|正面|表|앞면"
    "|лицевая сторона|side 1|side a",
    BACK: "back|verso|rückseite|reverso|dorso|retro|achterkant|achterzijde|tył|lado b|背面|反面|裏"
    "|뒷면|обратная сторона|side 2|side b",
    "question": "question|questions|q|prompt|frage|pregunta|domanda|pergunta|vraag|pytanie|fråga"
    "|spørgsmål|spørsmål|kysymys|otázka|kérdés|întrebare|soru|вопрос|запитання|питання|問題|质问|問い|问题"
    "|질문|سؤال|שאלה|प्रश्न",
    "answer": "answer|answers|a|response|antwort|respuesta|réponse|risposta|resposta|antwoord"
    "|odpowiedź|svar|vastaus|odpověď|válasz|răspuns|cevap|ответ|відповідь|答え|解答|答案|정답|답"
    "|إجابة|جواب|תשובה|उत्तर",
    "term": "term|terms|concept|begriff|fachbegriff|término|concepto|terme|termine|termo|termin"
    "|термин|термін|用語|术语|용어|مصطلح|מונח",
    "definition": "definition|definitions|def|erklärung|definición|définition|definizione|definição"
    "|definitie|definicja|определение|визначення|定義|定义|정의|تعريف|הגדרה",
    "word": "word|words|vocab|vocabulary|expression|phrase|wort|vokabel|ausdruck|palabra|mot|parola"
    "|palavra|woord|słowo|ord|sana|slovo|szó|cuvânt|kelime|слово|単語|言葉|单词|生词|词语|단어|كلمة"
    "|מילה|शब्द|kanji|hanzi|漢字|汉字",
    "translation": "translation|translations|meaning|meanings|gloss|übersetzung|bedeutung|traducción"
    "|significado|traduction|signification|traduzione|significato|tradução|vertaling|betekenis"
    "|tłumaczenie|znaczenie|översättning|oversættelse|käännös|překlad|fordítás|traducere|çeviri|anlam"
    "|перевод|значение|переклад|意味|訳|翻译|意思|释义|뜻|번역|ترجمة|معنى|תרגום|अर्थ",
    "reading": "reading|pronunciation|ipa|transcription|transliteration|romanization|kana|furigana"
    "|hiragana|romaji|pinyin|zhuyin|jyutping|lesung|aussprache|umschrift|pronunciación"
    "|prononciation|pronuncia|pronúncia|uitspraak|wymowa|произношение|транскрипция|読み|読み方|ふりがな"
    "|拼音|发音|발음",
    "audio": "audio|sound|recording|ton|aufnahme|sonido|son|suono|som|geluid|dźwięk|звук|音声|音频",
    "image": "image|picture|photo|bild|foto|imagen|imagem|immagine|afbeelding|obraz|obrazek"
    "|изображение|картинка|画像|图片",
    "example": "example|examples|example sentence|sentence|usage|beispiel|beispielsatz|satz|ejemplo"
    "|frase|exemple|phrase exemple|esempio|exemplo|voorbeeld|przykład|zdanie|exempel|пример"
    "|приклад|例|例文|例句|예문",
    "contrast": "contrast|not to be confused|not to be confused with",
    "text": "text|cloze|cloze text|lückentext|texto|texte|testo|tekst|текст",
    "extra": "extra|extras|back extra|note|notes|comment|comments|remark|remarks|explanation|hinweis"
    "|bemerkung|bemerkungen|anmerkung|notiz|nota|notas|comentario|remarque|commentaire|commento"
    "|comentário|opmerking|uwagi|kommentar|примечание|комментарий|備考|備註|备注|비고",
    "sources": "source|sources|url|link|reference|references|quelle|quellen|fuente|fonte|bron"
    "|źródło|källa|источник|出典|来源|출처",
    "lesson": "lesson|unit|chapter|lektion|kapitel|lección|unidad|leçon|chapitre|lezione|capitolo"
    "|lição|les|hoofdstuk|lekcja|урок|глава|レッスン|课|단원",
    TAGS: "tags|tag|label|labels|keywords|schlagwort|schlagwörter|stichwörter|etiqueta|etiquetas"
    "|étiquettes|étiquette|etichette|etichetta|метки|теги|тег|タグ|标签|태그|topic|topics|category"
    "|thema|kategorie|tema|catégorie|categoria|categoría|тема|категория",
    DECK: "deck|decks|subdeck|stapel|mazo|baralho|mazzo|paquet|talia|колода|デッキ|牌组",
    GUID: "guid",
    ID: "id|uid|uuid|key",
    NOTE_TYPE: "note type|notetype|notiztyp|kartentyp",
}
"""What columns are called."""
_LANGUAGES: Final = frozenset(
    [
        "english",
        "german",
        "spanish",
        "french",
        "italian",
        "portuguese",
        "dutch",
        "polish",
        "czech",
        "russian",
        "ukrainian",
        "swedish",
        "danish",
        "norwegian",
        "finnish",
        "hungarian",
        "romanian",
        "greek",
        "turkish",
        "arabic",
        "hebrew",
        "persian",
        "hindi",
        "japanese",
        "chinese",
        "mandarin",
        "cantonese",
        "korean",
        "vietnamese",
        "thai",
        "indonesian",
        "latin",
        "esperanto",
        "catalan",
        "basque",
        "irish",
        "welsh",
        "englisch",
        "deutsch",
        "spanisch",
        "französisch",
        "italienisch",
        "portugiesisch",
        "russisch",
        "japanisch",
        "latein",
        "niederländisch",
        "polnisch",
        "inglés",
        "español",
        "alemán",
        "francés",
        "italiano",
        "anglais",
        "allemand",
        "espagnol",
        "français",
        "italien",
        "inglês",
        "espanhol",
        "francês",
        "português",
        "inglese",
        "tedesco",
        "spagnolo",
        "francese",
        "nederlands",
        "engels",
        "duits",
        "polski",
        "angielski",
        "niemiecki",
        "svenska",
        "engelska",
        "русский",
        "английский",
        "немецкий",
        "українська",
        "日本語",
        "英語",
        "中文",
        "英文",
        "한국어",
        "영어",
        "العربية",
        "עברית",
        "हिन्दी",
    ]
)


def _normalize(name: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFC", name).casefold()).strip()


_FIELD_OF: Final = {
    _normalize(name): field for field, names in _NAMES.items() for name in names.split("|")
}


def parse_map(words: Iterable[str]) -> dict[str, str]:
    """Return the columns that the user named, as `field=column,field=column`.

    Raises:
        ValueError: a field is unknown or named twice; the message says which.

    """
    found: dict[str, str] = {}
    for part in (part for word in words for part in _NEXT_FIELD.split(word)):
        field, equals, column = part.strip().partition("=")
        if not equals or field not in FIELDS or not column:
            raise ValueError(f"`{part}` is not FIELD=COLUMN (fields: {', '.join(FIELDS)})")
        if field in found:
            raise ValueError(f"`{field}` is named twice")
        found[field] = column
    return found


def find_columns(wanted: Mapping[str, str], names: Sequence[str], width: int) -> dict[str, int]:
    """Return the indices of the columns that the user named, by name or by number from 1.

    Raises:
        ValueError: there is no such column, or there are two.

    """
    found: dict[str, int] = {}
    normal = [_normalize(name) for name in names]
    for field, column in wanted.items():
        for known, word in ((names, column), (normal, _normalize(column))):
            if (times := list(known).count(word)) > 1:
                raise ValueError(f"there are two columns `{column}`: name it by its number")
            if times:
                found[field] = list(known).index(word)
                break
        else:
            if not (column.isascii() and column.isdigit() and 1 <= int(column[:6]) <= width):
                listed = list_names([f"`{name}`" for name in names if name], none="none has a name")
                raise ValueError(
                    f"there is no column `{column}` (columns: {listed}, or 1 to {width})"
                )
            found[field] = int(column) - 1
    return found


def is_header(cells: Sequence[str], wanted: Iterable[str] = ()) -> bool:
    """Tell whether the first row of a table names its columns; `wanted` are names of some."""
    names = [_normalize(cell) for cell in cells if cell.strip()]
    if not names or max(map(len, names)) > _MAX_NAME:
        return False
    if any(_normalize(column) in names for column in wanted if not column.isdigit()):
        return True
    fields = {_FIELD_OF.get(name) for name in names} - {None}
    languages = sum(name in _LANGUAGES for name in names)
    if len(fields) > 1 or languages > 1:
        return True
    # One name may be a word on a card.
    clear = [name for name in names if name in _FIELD_OF and len(name) > 1]
    return len(names) != len(_PAIR) and len(clear) + languages > 0


def guess_columns(names: Sequence[str]) -> dict[str, int]:
    """Return the indices of the columns whose names tell what they hold."""
    found: dict[str, int] = {}
    for index, name in enumerate(names):
        field = _FIELD_OF.get(_normalize(name))
        if field is not None:
            found.setdefault(field, index)
    if not any(field in found for field in (FRONT, BACK, *_SIDES)):
        spoken = [index for index, name in enumerate(names) if _normalize(name) in _LANGUAGES]
        if len(spoken) > 1:
            found["word"], found["translation"] = spoken[:2]
    return found


def is_side(field: str) -> bool:
    """Tell whether a field is one of the two sides of a card."""
    return field in _SIDES


def is_front(field: str) -> bool:
    """Tell whether a field is the first side of a card."""
    return _SIDES.get(field) == FRONT


def choose_kind(columns: Mapping[str, int], *, has_gaps: bool) -> tuple[str, dict[str, int]] | None:
    """Return the built-in kind that has all of these fields, and its columns; None if there is none.

    `has_gaps` tells whether the texts of the first side have clozes.
    """
    fields = {name: index for name, index in columns.items() if name not in IDENTITY}
    sides = [_SIDES.get(name) for name in fields]
    if sides.count(FRONT) != 1 or sides.count(BACK) > 1:
        return None
    if has_gaps:
        # What stands on the back of a text with gaps is extra.
        places = {"text" if _SIDES.get(name) == FRONT else name: i for name, i in fields.items()}
        back = next((name for name in places if _SIDES.get(name) == BACK), None)
        if back is not None and "extra" not in places:
            places["extra"] = places.pop(back)
        return (CLOZE, places) if set(places) <= {"text", *COMMON} else None
    best: tuple[int, str, dict[str, int]] | None = None
    for kind, (front, back, *others) in ((kind, KINDS[kind]) for kind in _SIDED):
        own = {FRONT: front, BACK: back}
        places = {own.get(_SIDES.get(name, ""), name): i for name, i in fields.items()}
        if BACK in sides and set(places) <= {front, back, *others, *COMMON}:
            score = sum(name in KINDS[kind] for name in fields)
            if best is None or score > best[0]:
                order = {
                    name: places[name] for name in (front, back, *others, *COMMON) if name in places
                }
                best = (score, kind, order)
    return best and best[1:]
