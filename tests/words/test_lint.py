"""Free text against volumes: what is true passes, what contradicts is found, in eight languages."""

import math
import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from wideberth.intake.altitude import Altitude, Band, Ground, Reference, Unit, band
from wideberth.intake.bounds import Bounds
from wideberth.limits import CONTRADICTIONS_MAX, LINT_STATEMENTS_MAX, LINT_TOKENS_MAX
from wideberth.space.units import time_to_us, us_to_time
from wideberth.space.volume import Circle, Polygon, Volume4D
from wideberth.words import statements, tokens, vocabulary
from wideberth.words.lint import Contradiction, Kind, lint
from wideberth.words.numerals import NUMERALS, number
from wideberth.words.place import Landmark
from wideberth.words.vocabulary import flat

WGS84 = Geodesic.WGS84
ND = 1_000_000_000
DORUN = (42_262_100_000, -38_718_200_000)
LANDMARKS = [
    *(Landmark(name, *DORUN) for name in ("Dorun", "Дорун", "دورون")),
    Landmark("Kemra", 42_362_100_000, -38_793_300_000),
    Landmark("Deir ez-Zor", 42_300_000_000, -38_700_000_000),
    Landmark("Arvona", 42_380_000_000, -37_720_000_000),
    Landmark("Tovari", 42_420_000_000, -39_730_000_000),
]


def us(day: int, hour: int, minute: int = 0) -> int:
    """A time in November 2026."""
    return time_to_us(datetime(2026, 11, day, hour, minute, tzinfo=UTC))


NOW_US = us(21, 20)
NORTH = Volume4D(Circle(DORUN[0] + 108_000_000, DORUN[1], 3_000_000), 1_000_000, 3_000_000, us(22, 6), us(22, 8))
"""12 km north of Dorun, 1,000 to 3,000 m, 06:00 to 08:00 UTC."""

TRUE = {
    "en": "Convoy 12 km north of Dorun, between 3,300 ft and 9,800 ft, from 0600Z to 0800Z",
    "en words": "Convoy twelve kilometres north of Dorun, below ten thousand feet, until 0800Z",
    "de": "Konvoi zwölf Kilometer nördlich von Dorun, zwischen 1000 und 3000 m Höhe, von 06:00 bis 08:00 UTC",
    "ru": "Колонна в 12 км к северу от Доруна, на высоте от 1000 до 3000 м, с 06:00 до 08:00 UTC",
    "tr": "Konvoy Dorun'un 12 km kuzeyinde, 3300 ayak ile 9800 ayak arasında, 06:00 UTC ile 08:00 UTC arasında",
    "ar": "قافلة على بعد ١٢ كم شمال دورون من الساعة ٠٦:٠٠ إلى ٠٨:٠٠ UTC على ارتفاع ١٠٠٠ إلى ٣٠٠٠ متر",
    "fr": "Convoi à douze kilomètres au nord de Dorun, entre 1000 et 3000 m d'altitude, de 6h00 à 8h00 UTC",
    "uk": "Колона за 12 км на північ від Доруна, на висоті від 1000 до 3000 м, з 06:00 до 08:00 UTC",
    "fa": "کاروان در ۱۲ کیلومتری شمال دورون، ارتفاع ۱۰۰۰ تا ۳۰۰۰ متر، از ۰۶:۰۰ تا ۰۸:۰۰ UTC",
    "groups": "until 220800Z, below FL110, 2026-11-22T09:00:00+03:00, 42.37N 38.72W, DDMM 4222N 03843W",
    "compass": "12 km N of Dorun 0600-0800Z, NNE of Dorun",
    "other times": "Acknowledge by 0530Z. Reply before 2130Z. Briefing 0400Z.",
    "other lengths": "Keep 3,000 ft separation, visibility 9000 ft, within 500 m of the bridge, radius 3000 m",
    "no zone": "at 11:30 local, 03:15, 1945",
    "way": "Convoy from Tovari to Arvona by way of Kemra",
    "negated": "not above 10000 ft, not south of Dorun",
    "outside": "no flights above 10,000 ft or below 3,200 ft",
    "not this": "20 km from Kemra to Dorun, elevation 2100 ft, climb through FL100 to 10000 ft, updated 1945Z",
    "offset": "from 09:00+03:00 to 11:00+03:00, 2026-11-22 0700Z",
    "plain": "Please keep away and listen on the guard frequency 121.5 and 243.0",
    "neighbour": "5 NM from Dorun, 9000 feet over the sea",
    "named": "the town of Deir ez-Zor",
}

FALSE = [
    ("12 km south of Dorun", Kind.DIRECTION, "12 km south of Dorun"),
    ("21 km north of Dorun", Kind.DISTANCE, "21 km north of Dorun"),
    ("3 km from Dorun", Kind.DISTANCE, "3 km from Dorun"),
    ("SW of Dorun", Kind.DIRECTION, "SW of Dorun"),
    ("south-east of Dorun", Kind.DIRECTION, "south-east of Dorun"),
    ("near Arvona", Kind.PLACE, "Arvona"),
    ("a convoy at Arvona", Kind.PLACE, "Arvona"),
    ("at 42.37N 38.50W", Kind.PLACE, "42.37N 38.50W"),
    ("at N42 22.2 W038 30.0", Kind.PLACE, "N42 22.2 W038 30.0"),
    ("at 422214N 0383000W", Kind.PLACE, "422214N 0383000W"),
    ("at 42°22'14\"N 038°30'00\"W", Kind.PLACE, "42°22'14\"N 038°30'00\"W"),
    ("between 5000 ft and 9800 ft", Kind.HEIGHT, "5000 ft and 9800 ft"),
    ("surface to 5000 ft MSL", Kind.HEIGHT, "surface to 5000 ft"),
    ("above FL200", Kind.HEIGHT, "above FL200"),
    ("FL250-350", Kind.HEIGHT, "250-350"),
    ("at flight level three five zero", Kind.HEIGHT, "three five zero"),
    ("not above 6000 ft", Kind.HEIGHT, "not above 6000 ft"),
    ("from 0700Z to 0800Z", Kind.TIME, "0700Z to 0800Z"),
    ("from 0600Z to 0900Z", Kind.TIME, "0600Z to 0900Z"),
    ("at 0930Z", Kind.TIME, "0930Z"),
    ("starting 230600Z", Kind.TIME, "starting 230600Z"),
    ("at 2026-11-23T07:00:00Z", Kind.TIME, "2026-11-23T07:00:00Z"),
    ("from 06:00+03:00 to 08:00+03:00", Kind.TIME, "06:00+03:00 to 08:00+03:00"),
    ("südwestlich von Dorun", Kind.DIRECTION, "südwestlich von Dorun"),
    ("zwanzig Kilometer nördlich von Dorun", Kind.DISTANCE, "zwanzig Kilometer nördlich von Dorun"),
    ("in der Nähe von Arvona", Kind.PLACE, "Arvona"),
    ("unter fünftausend Fuß", Kind.HEIGHT, "unter fünftausend Fuß"),
    ("bis 09:00 UTC", Kind.TIME, "bis 09:00 UTC"),
    ("к югу от Доруна", Kind.DIRECTION, "югу от Доруна"),
    ("юго-западнее Доруна", Kind.DIRECTION, "юго-западнее Доруна"),
    ("в двадцать км к северу от Доруна", Kind.DISTANCE, "двадцать км к северу от Доруна"),
    ("выше 5000 м", Kind.HEIGHT, "выше 5000 м"),
    ("до 09:30 UTC", Kind.TIME, "до 09:30 UTC"),
    ("Dorun'un 12 km güneyinde", Kind.DIRECTION, "Dorun'un 12 km güneyinde"),
    ("Dorun'un 25 km kuzeyinde", Kind.DISTANCE, "Dorun'un 25 km kuzeyinde"),
    ("beş bin ayağın altında", Kind.HEIGHT, "beş bin ayağın altında"),
    ("08:30 UTC'ye kadar", Kind.TIME, "08:30 UTC'ye kadar"),
    ("جنوب دورون", Kind.DIRECTION, "جنوب دورون"),
    ("على بعد ٢٥ كم شمال دورون", Kind.DISTANCE, "٢٥ كم شمال دورون"),
    ("فوق خمسة آلاف متر", Kind.HEIGHT, "فوق خمسة آلاف متر"),
    ("حتى ٠٩:٣٠ UTC", Kind.TIME, "حتى ٠٩:٣٠ UTC"),
    ("au sud de Dorun", Kind.DIRECTION, "sud de Dorun"),
    ("à l'est de Dorun", Kind.DIRECTION, "est de Dorun"),
    ("à vingt-cinq kilomètres au nord de Dorun", Kind.DISTANCE, "vingt-cinq kilomètres au nord de Dorun"),
    ("au-dessus de 5000 m", Kind.HEIGHT, "dessus de 5000 m"),
    ("jusqu'à 9h30 UTC", Kind.TIME, "à 9h30 UTC"),
    ("на південь від Доруна", Kind.DIRECTION, "південь від Доруна"),
    ("за 25 км на північ від Доруна", Kind.DISTANCE, "25 км на північ від Доруна"),
    ("вище п'яти тисяч метрів, вище 5000 м", Kind.HEIGHT, "вище 5000 м"),
    ("з 07:00 UTC", Kind.TIME, "з 07:00 UTC"),
    ("جنوب شرقی دورون", Kind.DIRECTION, "جنوب شرقی دورون"),
    ("در ۲۵ کیلومتری شمال دورون", Kind.DISTANCE, "۲۵ کیلومتری شمال دورون"),
    ("بالای پنج هزار متر", Kind.HEIGHT, "بالای پنج هزار متر"),
    ("تا ۰۹:۳۰ UTC", Kind.TIME, "تا ۰۹:۳۰ UTC"),
]


def findings(text: str, *volumes: Volume4D) -> tuple[Contradiction, ...]:
    """Against the volume north of Dorun, or others."""
    return lint(text, volumes or (NORTH,), NOW_US, LANDMARKS)


@pytest.mark.parametrize("text", TRUE.values(), ids=TRUE)
def test_what_is_true_passes(text: str) -> None:
    """A text that agrees with its volumes is not held up, in any language."""
    assert findings(text) == ()


@pytest.mark.parametrize(("text", "kind", "said"), FALSE)
def test_what_contradicts_is_found_and_shown(text: str, kind: Kind, said: str) -> None:
    """Each kind of contradiction in each language is found once, where it stands."""
    (found,) = findings(text)
    assert (found.kind, found.said) == (kind, said)
    assert text[found.start : found.end] == said
    assert found.volumes_say
    assert found.said in found.sentence()


@pytest.mark.parametrize("text", TRUE.values(), ids=TRUE)
def test_a_contradiction_in_a_long_text_is_still_found(text: str) -> None:
    """What is true around it hides nothing."""
    found = findings(f"{text}. Convoy 12 km south of Dorun. {text}")
    assert [(c.kind, c.said) for c in found] == [(Kind.DIRECTION, "12 km south of Dorun")]


def test_places_9_km_apart_are_told_apart() -> None:
    """Case A: "12 km north of Dorun" is written and another place, 9 km on in any direction away from it, is meant."""
    for azimuth in range(-60, 61, 5):
        there = WGS84.Direct(DORUN[0] / ND + 0.108, DORUN[1] / ND, azimuth, 9_000.0)
        place = Circle(round(there["lat2"] * ND), round(there["lon2"] * ND), 1_000_000)
        volume = Volume4D(place, 1_000_000, 3_000_000, us(22, 6), us(22, 8))
        assert [c.kind for c in findings("12 km north of Dorun", volume)] == [Kind.DISTANCE]


def test_directions_and_distances_agree_with_geographiclib() -> None:
    """Said as the reference implementation measures it, a place passes; from behind, or half as far, not."""
    rng = random.Random(11)
    winds = ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest"]
    for _ in range(400):
        lat, lon = rng.uniform(-75, 75), rng.choice([rng.uniform(-180, 180), 179.99, -179.99])
        azimuth, km = rng.uniform(0, 360), rng.uniform(5, 300)
        there = WGS84.Direct(lat, lon, azimuth, km * 1000)
        lat_nd, lon_nd = round(there["lat2"] * ND), round(there["lon2"] * ND)
        if rng.random() < 0.5:
            outline: Circle | Polygon = Circle(lat_nd, lon_nd, 500_000)
        else:
            ends = [WGS84.Direct(there["lat2"], there["lon2"], a, 500.0) for a in (0, 120, 240)]
            outline = Polygon(tuple(round(end[key] * ND) for end in ends for key in ("lat2", "lon2")))
        volume = Volume4D(outline, 0, 1_000_000, us(22, 6), us(22, 8))
        here = [Landmark("Sandor", round(lat * ND), round(lon * ND))]
        wind = round(azimuth / 45) % 8

        def kinds(text: str, volume: Volume4D = volume, here: list[Landmark] = here) -> list[Kind]:
            return [c.kind for c in lint(text, [volume], NOW_US, here)]

        assert kinds(f"{km:.1f} km {winds[wind]} of Sandor") == []
        assert kinds(f"{winds[wind]} of Sandor") == []
        assert kinds(f"{km:.1f} km {winds[(wind + 4) % 8]} of Sandor") == [Kind.DIRECTION]
        assert kinds(f"{winds[(wind + 3) % 8]} of Sandor") == [Kind.DIRECTION]
        if km > 10:
            assert kinds(f"{km / 2:.1f} km {winds[wind]} of Sandor") == [Kind.DISTANCE]


def test_heights_that_intake_widened_pass() -> None:
    """A band as it was given in, above the sea, in flight levels or above ground, agrees with it."""
    rng = random.Random(12)
    for _ in range(400):
        lat_nd, lon_nd = rng.randrange(-70 * ND, 70 * ND), rng.randrange(-179 * ND, 179 * ND)
        area = Bounds(lat_nd, lat_nd + ND // 10, lon_nd, lon_nd + ND // 10)
        low, high = sorted(rng.sample(range(5, 400), 2))
        ground_m = rng.randrange(-400, 4_000)
        relief_m = rng.randrange(0, 1_000)
        ground = Ground(*(Altitude(Decimal(m), Unit.M, Reference.EGM96) for m in (ground_m, ground_m + relief_m)))
        for unit, reference, said in (
            (Unit.FL, Reference.STD, f"FL{low:03d} to FL{high:03d}"),
            (Unit.FT, Reference.MSL, f"between {low * 100:,} ft and {high * 100:,} ft MSL"),
            (Unit.FT, Reference.AGL, f"between {low * 100} and {high * 100} ft above ground"),
            (Unit.M, Reference.MSL, f"altitude {low * 30} to {high * 30} m"),
        ):
            factor = {Unit.FL: 1, Unit.FT: 100, Unit.M: 30}[unit]
            given_band = band(
                Altitude(Decimal(low * factor), unit, reference),
                Altitude(Decimal(high * factor), unit, reference),
                area,
                ground,
            )
            assert isinstance(given_band, Band)
            lower_mm, upper_mm = given_band.lower_mm, given_band.upper_mm
            volume = Volume4D(Circle(lat_nd, lon_nd, 1_000_000), lower_mm, upper_mm, us(22, 6), us(22, 8))
            assert findings(said, volume) == (), said
            far = Volume4D(volume.outline, lower_mm, upper_mm + 8_000_000, us(22, 6), us(22, 8))
            assert [c.kind for c in findings(said, far)] == [Kind.HEIGHT], said


def test_two_ceilings_for_one_piece_of_air() -> None:
    """Case O: one ceiling in the text, another in the geometry."""
    volume = Volume4D(NORTH.outline, 0, 3_048_000, us(22, 6), us(22, 8))
    assert findings("SFC to 10,000 ft MSL", volume) == ()
    assert [c.kind for c in findings("SFC to 14,000 ft MSL", volume)] == [Kind.HEIGHT]
    assert [c.kind for c in findings("SFC-5000 ft MSL", volume)] == [Kind.HEIGHT]


def test_windows_pass_as_they_are_and_fail_shifted() -> None:
    """Any window said to the minute, in UTC or with any whole quarter of an hour of offset, passes; shifted, fails."""
    rng = random.Random(13)
    for _ in range(400):
        start_us = us(20, 0) + rng.randrange(0, 3 * 1440) * 60_000_000
        end_us = start_us + rng.randrange(30, 600) * 60_000_000
        volume = Volume4D(NORTH.outline, 0, 1_000_000, start_us, end_us)
        offset = rng.randrange(-48, 57) * 15
        sign, size = ("-" if offset < 0 else "+"), abs(offset)

        def said(time_us: int, form: str, shift: int) -> str:
            return us_to_time(time_us + shift * 60_000_000).strftime(form)

        zone = f"{sign}{size // 60:02d}:{size % 60:02d}"
        texts = [
            ("%H%MZ", 0, "", "{} to {}"),
            ("%d%H%MZ", 0, "", "from {} until {}"),
            ("%H:%M", 0, " UTC", "from {} to {}"),
            ("%H:%M", 0, "", "{}-{} UTC"),
            ("%Y-%m-%dT%H:%M:%S", offset, zone, "{} to {}"),
        ]
        for form, shift, tail, frame in texts:
            right = frame.format(said(start_us, form, shift) + tail, said(end_us, form, shift) + tail)
            wrong = frame.format(said(start_us, form, shift + 7) + tail, said(end_us, form, shift) + tail)
            assert findings(right, volume) == (), right
            assert [c.kind for c in findings(wrong, volume)] == [Kind.TIME], wrong


def test_a_place_inside_a_ring_is_near_it() -> None:
    """Around a place, 30 km from it on all sides, the volume is there, in every direction, and not 60 km away."""
    corners = [WGS84.Direct(DORUN[0] / ND, DORUN[1] / ND, azimuth, 42_000.0) for azimuth in (45, 135, 225, 315)]
    ring = Polygon(tuple(round(corner[key] * ND) for corner in corners for key in ("lat2", "lon2")))
    volume = Volume4D(ring, 0, 1_000_000, us(22, 6), us(22, 8))
    assert findings("near Dorun, 10 km north of Dorun, south of Dorun, 20 km W of Dorun", volume) == ()
    assert [c.kind for c in findings("60 km north of Dorun", volume)] == [Kind.DISTANCE]


def test_several_volumes_are_each_enough() -> None:
    """Of a plan in parts a text may speak of one, or of the whole."""
    later = Volume4D(Circle(DORUN[0], DORUN[1] + 200_000_000, 2_000_000), 3_000_000, 5_000_000, us(22, 8), us(22, 10))
    both = (NORTH, later)
    assert findings("12 km north of Dorun 0600Z to 0800Z, then east of Dorun 0800Z to 1000Z", *both) == ()
    assert findings("0600-1000Z, between 1000 and 5000 m altitude", *both) == ()
    assert [c.kind for c in findings("0700-0900Z", *both)] == [Kind.TIME]


@pytest.mark.parametrize(
    "longest", ["1 ", "fl 350 ", "0600z-", "n 42 w 3 ", "12 km north of Dorun ", "five ", "و ", "Arvona near "]
)
def test_hostile_text_is_read_within_bounds_and_says_so(longest: str) -> None:
    """64 KiB of nothing but triggers: so much is read and no more, and the rest is said to be unread."""
    text = (longest * 65_536)[:65_536]
    read = tokens.split(text)
    assert len(read.words) <= LINT_TOKENS_MAX
    table = statements.names_of(tuple(landmark.name for landmark in LANDMARKS))
    assert len(statements.places_in(read, table)) <= LINT_STATEMENTS_MAX + 1
    assert len(statements.figures_in(read)) <= 8 * LINT_STATEMENTS_MAX
    found = findings(text)
    assert len(found) <= CONTRADICTIONS_MAX + 1
    assert found[-1].kind is Kind.UNREAD
    assert "not compared" in found[-1].sentence()


def test_a_text_past_the_limit_is_said_to_be_unread() -> None:
    """Nothing is cut in silence: what follows 64 KiB of spaces is not compared, and that is said."""
    found = findings(" " * 70_000 + "12 km south of Dorun")
    assert [c.kind for c in found] == [Kind.UNREAD]
    assert findings(" " * 60_000 + "12 km south of Dorun")[0].kind is Kind.DIRECTION


def test_many_landmarks_in_one_text_are_bounded() -> None:
    """A text that lists the gazetteer is compared for some of it, and says from where on it was not."""
    many = [Landmark(f"Q{chr(97 + i)}{chr(97 + j)}", 42 * ND, -38 * ND) for i in range(26) for j in range(8)]
    found = lint(" ".join(m.name for m in many), [NORTH], NOW_US, many)
    assert found[-1].kind is Kind.UNREAD


def test_what_was_said_is_shown_escaped() -> None:
    """A contradiction repeats no override and no flood."""
    (found,) = findings("12 km \u202esouth of Dorun")
    assert found.said == "12 km \\u202esouth of Dorun"
    assert all(len(c.said) < 600 for c in findings("12 km south of the" + " " * 5_000 + "Dorun"))


def test_flat_keeps_every_place_in_the_text() -> None:
    """One character for one, over all of Unicode, so that what is pointed at is what was written."""
    for code in range(0x110000):
        assert len(flat(chr(code))) == 1


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("twelve", 12),
        ("three five zero", 350),
        ("five thousand five hundred", 5_500),
        ("two hundred and fifty", 250),
        ("dreihundertfünfzig", 350),
        ("zwölftausend", 12_000),
        ("fünftausendfünfhundert", 5_500),
        ("quatre vingt dix", 90),
        ("soixante quinze", 75),
        ("mille deux cents", 1_200),
        ("три тысячи пятьсот", 3_500),
        ("двадцять п'ять", 25),
        ("beş bin", 5_000),
        ("beşbin", 5_000),
        ("yirmi beş", 25),
        ("خمسة وعشرون", 25),
        ("عشرة آلاف", 10_000),
        ("پنج هزار و پانصد", 5_500),
        ("بیست و پنج", 25),
        ("north", None),
    ],
)
def test_number_words(words: str, value: int | None) -> None:
    """Numbers as they are spoken in each language, and digit by digit."""
    assert number(flat(words).split()) == value


def test_words_mean_one_thing() -> None:
    """No word names two directions or two lengths, and a word of direction is no number."""
    for table in (vocabulary._DIRECTION_ROWS,):
        seen: dict[str, float] = {}
        for words, meaning in table.items():
            for word in {flat(word) for word in words.split()}:
                assert seen.setdefault(word, meaning) == meaning, word
    assert not set(vocabulary.DIRECTIONS) & set(NUMERALS)
    assert not vocabulary.STRICT_LOW & vocabulary.STRICT_HIGH
    assert not vocabulary.LOW & vocabulary.HIGH


PIECES = [
    *(
        "12",
        "0600Z",
        "0800",
        "FL",
        "350",
        "ft",
        "m",
        "km",
        "north",
        "of",
        "Dorun",
        "Deir",
        "ez",
        "Zor",
        "to",
        "-",
        "and",
    ),
    *(
        "between",
        "N",
        "W",
        "42.3",
        "2026-11-22",
        "T",
        "06:00",
        "+03:00",
        "UTC",
        "h",
        "up",
        "five",
        "hundred",
        "и",
        "до",
    ),
    *(
        "شمال",
        "دورون",
        "٠٦:٠٠",
        "kuzeyinde",
        "arasında",
        "99:99",
        "000000Z",
        "310600Z",
        "\u202e",
        "İ",
        "'",
        "not",
        "9" * 30,
    ),
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=25), st.sampled_from([" ", "", ". ", "-"]))
def test_any_text_gets_an_answer(pieces: list[str], joint: str) -> None:
    """Nothing anybody writes trips it; what it points at lies in the text, in order, and within the limit."""
    text = joint.join(pieces)
    found = findings(text)
    assert len(found) <= CONTRADICTIONS_MAX + 1
    assert [c.start for c in found] == sorted(c.start for c in found)
    assert all(0 <= c.start < c.end <= len(text) for c in found)
    assert all(math.isfinite(len(c.sentence())) and "\u202e" not in c.sentence() for c in found)


def test_nothing_to_compare_is_nothing_found() -> None:
    """No text, no volumes, no landmarks: no contradiction."""
    assert findings("") == ()
    assert lint("12 km south of Dorun", [], NOW_US, LANDMARKS) == ()
    assert lint("12 km south of Dorun", [NORTH], NOW_US) == ()


@pytest.mark.parametrize(
    ("text", "low_m", "high_m", "said"),
    [
        ("FL260 and below", 0, 3_000, ""),
        ("FL260 and below", 9_000, 12_000, "260 and below"),
        ("FL260 und darunter", 9_000, 12_000, "260 und darunter"),
        ("3000 m и ниже", 9_000, 12_000, "3000 m и ниже"),
        ("niveau de vol 260 et au-dessous", 9_000, 12_000, "260 et au-dessous"),
        ("3000 m or higher", 0, 2_000, "3000 m or higher"),
        ("3000 m or higher", 4_000, 9_000, ""),
        ("under flight level 260", 0, 3_000, ""),
        ("under flight level 260", 9_000, 12_000, "under flight level 260"),
        ("FL260 and below FL300", 8_500, 8_600, ""),
    ],
)
def test_and_below_belongs_to_its_figure(text: str, low_m: int, high_m: int, said: str) -> None:
    """ "And below" after a figure makes it an upper end; before the next figure it is that one's."""
    volume = Volume4D(Circle(*DORUN, 2_000_000), low_m * 1_000, high_m * 1_000, us(22, 6), us(22, 8))
    assert [c.said for c in lint(text, (volume,), us(21, 6))] == ([said] if said else [])
