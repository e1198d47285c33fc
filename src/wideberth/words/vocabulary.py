"""The words that a free text may use of direction, distance, height and time, in the eight languages of the house.

In:  a text.
Out: the same text `flat`, one character for each, so that places in it stay true; tables from flat words to meanings.
Refuses nothing: a word that stands in no table means nothing here.
"""

from enum import StrEnum
from itertools import product
from typing import Final

_FLAT: Final = dict(zip("ıёأإآىيكة٫’ʼ", "iеاااییکه.''", strict=True))


def flat(text: str) -> str:
    """Small letters, one form of letters that are written in several ways; as long as the text."""
    low = text.replace("İ", "i").lower()
    if not low.isascii():
        for character, plain in _FLAT.items():
            low = low.replace(character, plain)
    return low


def _table(rows: dict[str, float]) -> dict[str, float]:
    """From "words of one meaning": meaning to flat word: meaning."""
    return {flat(word): meaning for words, meaning in rows.items() for word in words.split()}


def _set(words: str) -> frozenset[str]:
    return frozenset(flat(words).split())


# direction


def _turkish(stem: str) -> str:
    """A direction and its forms: north of it, to the north of it."""
    bare = stem + ("n" if stem.endswith(("ı", "u")) else "")
    joint = "s" if stem.endswith(("ı", "u")) else ""
    vowel = {"y": "i", "u": "u", "ı": "ı"}[stem[-1]]
    if stem.endswith("güney"):
        vowel = "i"
    ends = ("", "nde", "nda", "ne", "na", "ndeki", "ndaki", "nden", "ndan")
    return " ".join([stem, bare, *(f"{stem}{joint}{vowel}{end}" for end in ends)])


def _arabic(stem: str) -> str:
    """A direction with article, prepositions and endings."""
    return " ".join(a + stem + b for a, b in product(("", "ال", "ب", "و", "لل", "بال"), ("", "ي", "ا", "ا", "ية")))


_DIRECTION_ROWS: Final = {
    "north northwards nördlich norden nord север северу севера севере севернее северо північ півночі північніше "
    f"північно північний {_turkish('kuzey')} {_arabic('شمال')}": 0.0,
    f"northeast nordöstlich nordosten nordost nordest {_turkish('kuzeydoğu')}": 45.0,
    "east eastwards östlich osten ost est восток востоку востока востоке восточнее восточный схід сходу сході "
    f"східніше східний {_turkish('doğu')} {_arabic('شرق')}": 90.0,
    f"southeast südöstlich südosten südost sudest {_turkish('güneydoğu')}": 135.0,
    "south southwards südlich süden süd sud юг югу юга юге южнее юго південь півдня півдню півдні південніше "
    f"південно південний {_turkish('güney')} {_arabic('جنوب')}": 180.0,
    f"southwest südwestlich südwesten südwest sudouest {_turkish('güneybatı')}": 225.0,
    "west westwards westlich westen ouest запад западу запада западе западнее западный захід заходу заході "
    f"західніше західний {_turkish('batı')} {_arabic('غرب')}": 270.0,
    f"northwest nordwestlich nordwesten nordwest nordouest {_turkish('kuzeybatı')}": 315.0,
}
DIRECTIONS: Final = _table(_DIRECTION_ROWS)
"""Degrees from north."""
_COMPASS: Final = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
POINTS: Final = {name: 22.5 * i for i, name in enumerate(_COMPASS)}
"""Letters of the compass, which count in capitals only. "O", "NO" and "SO" mean east to some and west to others."""
TURKISH: Final = _set(" ".join(_turkish(a + b) for a in ("kuzey", "güney", "") for b in ("", "doğu", "batı") if a + b))
"""Directions that follow the place they are counted from."""
OF: Final = _set(
    "of from von vom der des от від de du d la le l the town city village stadt город города міста ville من مدينة "
    "از شهر"
)
"""Words that stand between a direction or distance and the place it is counted from."""
FROM_PLACE: Final = _set("from of von vom от від de du d من از")
NEAR: Final = _set(
    "near around nahe nähe um около возле рядом близ вблизи près autour autours "
    "біля поблизу навколо قرب بالقرب حول نزدیک اطراف"
)
NOT: Final = _set("not no nicht kein не değil pas ليس غير ні")

OR: Final = _set("or nor oder noch или ни veya أو ou ni або یا")

# lengths

LENGTHS: Final = _table(
    {
        "m metre metres meter meters metern mètre mètres м метр метра метров метрах метрів метри متر أمتار مترا": 1.0,
        "metrenin metreden metreye metreyi mts": 1.0,
        "km kilometre kilometres kilometer kilometers kilometern kilomètre kilomètres км километр километра "
        "километров километрах кілометр кілометра кілометрів кілометри كم كيلومتر كيلومترا كيلومترات کیلومتری": 1000.0,
        "nm nmi seemeilen milles": 1852.0,
        "ft feet foot fuß fuss füße pied pieds фут фута футов футах фути футів ayak "
        "ayağın قدم قدما أقدام پا فوت": 0.3048,
    }
)
"""Metres."""
FEET: Final = 0.3048
FAR: Final = frozenset((1000.0, 1852.0))
"""Units of distance."""

# heights

LEVEL: Final = _set(
    "fl level flugfläche эшелон эшелоне эшелона эшелоны ешелон ешелоні ешелону seviyesi niveau مستوى الطيران سطح"
)
HEIGHT: Final = _set(
    "altitude altitudes height heights alt hgt höhe höhen flughöhe высота высоте высоты высотой высотах yükseklik "
    "yükseklikte irtifa irtifada ارتفاع الارتفاع بارتفاع ارتفاعی hauteur plafond висота висоті висоти ceiling floor "
    "untergrenze obergrenze потолок стеля"
)
ABOVE_GROUND: Final = _set("agl gnd sfc ground surface grund boden земли землею земля землі sol yer الأرض زمين زمین")
ABOVE_SEA: Final = _set("msl amsl sea meer meeresspiegel nn моря mer deniz البحر دریا")
NO_HEIGHT: Final = _set(
    "elevation elev climb climbing descend descending "
    "separation apart spacing runway visibility vis radius wide long distance range clearance abstand sicht "
    "sichtweite piste umkreis breit lang видимость полоса радиус радиусе расстояние интервал pist görüş yarıçap "
    "mesafe رؤية مسافة rayon visibilité large видимість смуга радіус радіусі відстань شعاع دید فاصله باند"
)
"""Near one of these a length is no height."""
STRICT_LOW: Final = _set("above over oberhalb über выше свыше üzerinde üstünde فوق dessus вище понад بالای")
STRICT_HIGH: Final = _set("below under beneath unterhalb unter ниже altında تحت دون dessous нижче زیر")
"""Words of height alone, which make a height of any length."""
LOW: Final = STRICT_LOW | _set(
    "from min minimum least ab von mindestens от с минимум من depuis de від з از starting beginning начиная починаючи"
)
HIGH: Final = STRICT_HIGH | _set("to until till max maximum most ending bis höchstens до максимум حتى إلى jusqu à تا")
AFTER_LOW: Final = _set("above higher over upwards darüber höher выше dessus вище üstü üzeri فوق أعلى بالاتر بیشتر")
AFTER_HIGH: Final = _set(
    "below lower beneath under downwards darunter tiefer ниже dessous нижче altı دون أقل پایینتر کمتر"
)
"""Words that follow a figure with "and" or "or" between them: "FL260 and below"."""
FLIGHT: Final = _set("flight vol uçuş полёта польоту پرواز")
"""Words that stand with those of `LEVEL`."""
TURKISH_HIGH: Final = _set("altında kadar")
TURKISH_LOW: Final = _set("üzerinde üstünde itibaren")
"""Words that follow their figure."""
BETWEEN: Final = _set("between zwischen между بين entre між بین from von от с من de від з از ab")
BETWEEN_AFTER: Final = _set("arasında arası")
TO: Final = _set("to until till thru through bis до по à au إلى الى حتى تا")
AND: Final = _set("and und и ve ile و et і та й")

# times

UTC: Final = _set("z utc gmt zulu")
OTHER_TIMES: Final = _set(
    "acknowledge acknowledged ack reply answer respond confirm call report contact sent received issued briefing brief "
    "meeting updated sunrise sunset before after by "
    "quittieren bestätigen antworten melden gesendet anruf vor nach подтвердить "
    "подтвердите ответить ответ доложить связь отправлено перед после onay cevap önce sonra تأكيد رد اتصال قبل بعد "
    "تایید پاسخ تماس پیش confirmer répondre appeler envoyé avant après підтвердити відповісти доповісти після"
)
"""Near one of these a time is not that of the activity."""


class Role(StrEnum):
    """What a figure is to the volumes."""

    AT = "at"
    LOW = "low"
    HIGH = "high"
    BAND = "band"
