"""The closed set of phrases: which sentences make up each, which placeholders stand in them, which words they use.

In:  nothing.
Out: tables. English is the source from which the catalogues translate; a sentence is translated whole.
Refuses nothing.
"""

from typing import Final, NamedTuple

from wideberth.party.command import Activity, Domain
from wideberth.party.hotline import Path, Precedence
from wideberth.party.phrase import Phrase
from wideberth.refusal import Reason
from wideberth.voice.values import Kind


class Sentence(NamedTuple):
    """One sentence as English has it; `plural` where its form follows `{count}`; optional: said only with values."""

    text: str
    plural: str = ""
    optional: bool = False


KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("sender", "receiver", "party", "cell", "next", "successor", "verifier"), Kind.NAME),
    **dict.fromkeys(("name", "origin", "destination", "checkpoint", "landmark", "marking"), Kind.NAME),
    **dict.fromkeys(("contact", "alternate"), Kind.NAME),
    **dict.fromkeys(("reason", "said", "right"), Kind.TEXT),
    **dict.fromkeys(("message", "plan", "check", "area", "centre", "seal"), Kind.CODE),
    **dict.fromkeys(("version", "replaced", "count", "guards", "level", "position"), Kind.COUNT),
    **dict.fromkeys(("start", "end", "by", "time", "since", "until", "verified", "review"), Kind.TIME),
    **dict.fromkeys(("lower", "upper"), Kind.HEIGHT),
    **dict.fromkeys(("distance", "horizontal", "vertical"), Kind.DISTANCE),
    "bearing": Kind.BEARING,
    "frequency": Kind.FREQUENCY,
    "silence": Kind.DURATION,
    "precedence": Kind.PRECEDENCE,
    "domain": Kind.DOMAIN,
    "activity": Kind.ACTIVITY,
    "path": Kind.PATH,
    "field": Kind.FIELD,
    "language": Kind.LANGUAGE,
}
"""What each placeholder holds, wherever it stands."""

CHOICES: Final[dict[Kind, dict[str, str]]] = {
    Kind.PRECEDENCE: {
        Precedence.FLASH: "FLASH",
        Precedence.IMMEDIATE: "IMMEDIATE",
        Precedence.PRIORITY: "PRIORITY",
        Precedence.ROUTINE: "ROUTINE",
    },
    Kind.DOMAIN: {
        Domain.AIR: "air",
        Domain.AIR_DEFENCE: "air defence",
        Domain.GROUND: "ground",
        Domain.SEA: "sea",
    },
    Kind.ACTIVITY: {activity: activity.value.replace("_", " ") for activity in Activity},
    Kind.PATH: {Path.FIRST: "first path", Path.SECOND: "second path"},
    Kind.FIELD: {
        "position": "Position",
        "cell": "GARS cell",
        "bearing": "Bearing and distance",
        "band": "Height band",
        "window": "Window",
        "version": "Version",
        "seal": "Seal",
    },
    Kind.LANGUAGE: {
        "en": "English",
        "de": "German",
        "ru": "Russian",
        "tr": "Turkish",
        "ar": "Arabic",
        "fr": "French",
        "uk": "Ukrainian",
        "fa": "Persian",
    },
}
"""Values that are words of their own, and their English."""

DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ALPHABET: Final = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo "
    "Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
LETTERS: Final = tuple(_ALPHABET.split())
"""The spelling alphabet of ICAO Annex 10, volume II, 5.2.1.3; the catalogues write it in their own letters."""
UNITS: Final = {
    Kind.HEIGHT: "metres",
    Kind.DISTANCE: "metres",
    Kind.BEARING: "degrees",
    Kind.FREQUENCY: "megahertz",
    Kind.DURATION: "seconds",
}
SIGNS: Final = {".": "point", "-": "minus"}
DRILL: Final = "EXERCISE EXERCISE EXERCISE"
FORM: Final = {
    "voice": "To be read aloud",
    "paper": "Message on paper",
    "real": "REAL, NO EXERCISE",
    "from": "From",
    "to": "To",
    "precedence": "Precedence",
    "message": "Message",
    "version": "Version",
    "sent": "Sent (UTC)",
    "by": "Acknowledge by (UTC)",
    "slowly": "Speak slowly, digit by digit. Wait for the read-back.",
    "say": "Say",
    "codes": "Codes, the last two characters are check characters",
    "heard": "Heard",
    "free": "Free text, not translated",
    "sent_by": "Sent by (name, role)",
    "read_back_by": "Read back by (name, role)",
    "cell": "Cell",
    "time": "Time (UTC)",
    "outcome": "Right or wrong",
    "answer": "Answer",
    "passed_on": "Passed on to (cell, time)",
    "signature": "Signature",
    "read_back": "Read-back",
    "letters": "Letters and digits",
    "position": "Ledger position",
    "kind": "Kind",
    "aloud": "As it is said",
}
"""The words printed on forms."""

FRAMES: Final = {
    (True, True): "{heading} at {field}: {limit}; received {received}.",
    (True, False): "{heading} at {field}: {limit}.",
    (False, True): "{heading}: {limit}; received {received}.",
    (False, False): "{heading}: {limit}.",
}
"""Sentences of a refusal: with a field or without, with what was received or without."""

_AREA: Final = Sentence("Area {area}, centre {centre}.")
_MARK: Final = Sentence("{distance} on bearing {bearing} from {landmark}.", optional=True)
_BAND: Final = Sentence("Height from {lower} to {upper} above the ellipsoid.")
_WINDOW: Final = Sentence("From {start} to {end}, times in UTC.")
_WHERE: Final = (_AREA, _MARK)
_WHERE_OPTIONAL: Final = (_AREA._replace(optional=True), _MARK)
_BAND_OPTIONAL: Final = _BAND._replace(optional=True)
_WINDOW_OPTIONAL: Final = _WINDOW._replace(optional=True)
_PLAN: Final = (
    Sentence("Activity: {activity}, {domain}.", optional=True),
    *_WHERE_OPTIONAL,
    _BAND_OPTIONAL,
    _WINDOW_OPTIONAL,
)
_NAME: Final = Sentence("Name: {name}.", optional=True)
_MOVES: Final = (
    _NAME,
    Sentence("This is a notice, not a request."),
    Sentence("Route from {origin} to {destination}.", optional=True),
    *_WHERE_OPTIONAL,
    _WINDOW_OPTIONAL,
    Sentence("One vehicle ({count}), marked {marking}.", "{count} vehicles, marked {marking}.", True),
    Sentence("Declared guards: {guards}.", optional=True),
    Sentence("Contact {contact}, alternate {alternate}.", optional=True),
    Sentence("Its protection does not end with this notice."),
)
_REASON: Final = Sentence("Reason: {reason}")
_UNANSWERED: Final = Sentence("One check ({count}) unanswered.", "{count} checks unanswered.", True)
_SILENT: Final = Sentence("Message {message}, version {version}: {cell} has not acknowledged it.")
_SILENCE: Final = Sentence("Silence so far: {silence}.", optional=True)
_OPEN: Final = Sentence("The question stays open.")

SENTENCES: Final[dict[Phrase, tuple[Sentence, ...]]] = {
    Phrase.CALL: (
        Sentence("{receiver}, this is {sender}."),
        Sentence("{precedence}. Message {message}, version {version}."),
        Sentence("Acknowledge by {by}, time in UTC.", optional=True),
    ),
    Phrase.NOTICE: (Sentence("Notice of an operation."), *_PLAN),
    Phrase.PLACE: (
        Sentence("Notice of a protected place."),
        _NAME,
        Sentence("This is a notice, not a request."),
        *_WHERE_OPTIONAL,
        Sentence("Verified by {verifier} on {verified}, review by {review}.", optional=True),
        Sentence("Its protection does not end with this notice."),
    ),
    Phrase.MOVEMENT: (Sentence("Notice of a protected movement."), *_MOVES),
    Phrase.LATE: (
        Sentence("LATE NOTICE of an operation."),
        *_PLAN,
        Sentence("Be outside by {by}.", optional=True),
    ),
    Phrase.LATE_MOVEMENT: (
        Sentence("LATE NOTICE of a protected movement."),
        *_MOVES,
        Sentence("Keep your distance from {by} on.", optional=True),
    ),
    Phrase.CAME_LATE: (Sentence("LATE: this message came inside the lead time."),),
    Phrase.STOP: (
        Sentence("STOP. STOP. STOP. Stop at once."),
        *_WHERE_OPTIONAL,
        _REASON._replace(optional=True),
    ),
    Phrase.STOPPING: (Sentence("STOP received at {time}. {cell} is stopping."),),
    Phrase.QUERY: (
        Sentence("Where are your people?"),
        *_WHERE_OPTIONAL,
        _WINDOW_OPTIONAL,
        Sentence("Answer by {by}.", optional=True),
        _REASON._replace(optional=True),
    ),
    Phrase.AVOID: (Sentence("Avoid this area until {until}."), *_WHERE, _BAND_OPTIONAL),
    Phrase.NONE_KNOWN: (Sentence("As of {time}, none of our people are known to us in area {area}."),),
    Phrase.RECEIVED: (Sentence("Message {message}, version {version}, received by {cell} at {time}."),),
    Phrase.READ_BACK_ASKED: (Sentence("Read back message {message}, version {version}."),),
    Phrase.READ_BACK: (
        Sentence("I read back message {message}, version {version}."),
        *_WHERE_OPTIONAL,
        _BAND_OPTIONAL,
        _WINDOW_OPTIONAL,
        Sentence("Seal {seal}.", optional=True),
    ),
    Phrase.READ_BACK_RIGHT: (Sentence("The read-back of message {message}, version {version}, is right."),),
    Phrase.READ_BACK_WRONG: (
        Sentence("The read-back of message {message}, version {version}, is WRONG."),
        Sentence("{field}: you said {said}; right is {right}."),
    ),
    Phrase.EFFECTIVE: (
        Sentence("Message {message}, version {version}, is effective: every affected cell has acknowledged it."),
    ),
    Phrase.NOT_EFFECTIVE: (
        Sentence("Message {message}, version {version}, is NOT effective."),
        Sentence("One cell ({count}) has not acknowledged it.", "{count} cells have not acknowledged it."),
    ),
    Phrase.NOT_AFFECTED: (Sentence("{cell}: not affected by message {message}, version {version}."),),
    Phrase.CONFLICT: (Sentence("{cell}: in conflict with message {message}, version {version}."),),
    Phrase.NOT_OURS: (Sentence("{cell} on message {message}, version {version}: not ours."), _OPEN),
    Phrase.UNKNOWN: (Sentence("{cell} on message {message}, version {version}: unknown."), _OPEN),
    Phrase.DECLINED: (Sentence("{cell} on message {message}, version {version}: answer declined."),),
    Phrase.NO_KNOWN_CONFLICT: (
        Sentence("No known conflict for plan {plan}."),
        Sentence("Checked with {horizontal} sideways and {vertical} in height, as of ledger position {position}."),
        Sentence("Nothing follows from this about what is not in the ledger."),
    ),
    Phrase.REJECTED: (
        Sentence("{cell} cannot use message {message}, version {version}, as it is."),
        Sentence("Its sender has to act."),
    ),
    Phrase.ANSWERED: (Sentence("The question in message {message}, version {version}, is answered."),),
    Phrase.EXPIRED: (
        Sentence("Message {message}, version {version}: its window is over, and not every cell has acknowledged it."),
    ),
    Phrase.DOUBT: (
        Sentence("{cell} doubts message {message}, version {version}."),
        Sentence("The doubt holds until a second person has reviewed it."),
    ),
    Phrase.REVIEWED: (
        Sentence("A second person has reviewed the doubt of {cell} about message {message}, version {version}."),
    ),
    Phrase.CANCEL: (
        Sentence("Message {message}, version {version}, is cancelled."),
        Sentence("Nothing follows from this about the area."),
    ),
    Phrase.SUPERSEDED: (
        Sentence("Message {message}: version {version} replaces version {replaced}."),
        Sentence("Acknowledgements of the old version no longer count."),
    ),
    Phrase.CHECK: (Sentence("Comm check {check}, {path}. Answer on the same path."),),
    Phrase.CHECK_ANSWER: (Sentence("Comm check {check}, {path}: I hear you."),),
    Phrase.DEGRADED: (Sentence("Line to {party}, {path}: DEGRADED."), _UNANSWERED),
    Phrase.LOST: (Sentence("Line to {party}, {path}: LOST."), _UNANSWERED),
    Phrase.RESTORED: (Sentence("Line to {party}, {path}: restored at {time}."),),
    Phrase.ESCALATED: (
        _SILENT,
        _SILENCE,
        Sentence("It now goes to {next}."),
    ),
    Phrase.ESCALATED_PARTY: (
        _SILENT,
        _SILENCE,
        Sentence("It now goes to every cell of {party}, and its sender has been told."),
    ),
    Phrase.PASSED: (Sentence("Movement {name} passed checkpoint {checkpoint} at {time}."),),
    Phrase.OVERDUE: (Sentence("Movement {name} is OVERDUE at checkpoint {checkpoint} since {since}."),),
    Phrase.OFF_ROUTE: (Sentence("Movement {name} is OFF ITS ROUTE by {distance} at {time}."),),
    Phrase.HANDOVER_OFFERED: (
        Sentence("Watch of {cell}: offered to {successor}."),
        Sentence("One item ({count}) is open.", "{count} items are open.", True),
    ),
    Phrase.HANDOVER_SIGNED: (
        Sentence("Watch of {cell}: taken over by {successor} at {time}."),
        Sentence("One open item ({count}) was signed.", "{count} open items were signed.", True),
    ),
    Phrase.HANDOVER_REFUSED: (
        Sentence("Watch of {cell}: hand-over to {successor} REFUSED."),
        Sentence("One critical item ({count}) is not acknowledged.", "{count} critical items are not acknowledged."),
    ),
    Phrase.HANDOVER_REASON: (
        Sentence("Watch of {cell}: handed over to {successor} with critical items open."),
        _REASON,
    ),
    Phrase.OFF_WATCH: (Sentence("Message {message} came from {sender}, who is not on watch."),),
    Phrase.HAIL: (
        Sentence("{party} did not answer our hail on {frequency} at {time}."),
        Sentence("Answer on this line."),
    ),
    Phrase.MONITOR: (Sentence("{party} listens on {frequency}."), _WINDOW),
    Phrase.INTERPRETER: (Sentence("We need an interpreter for {language}."),),
    Phrase.CONTACT: (Sentence("Put us through to contact level {level}."),),
}
"""The sentences of each phrase in their order, in every language."""


def msgids() -> list[tuple[str, str, str]]:
    """Every text of the catalogues: context, text, plural (empty where there is none)."""
    found: dict[tuple[str, str], str] = {}
    for phrase in Phrase:
        found.update({("", s.text): s.plural for s in SENTENCES[phrase]})
    found[("", DRILL)] = ""
    for kind, words in CHOICES.items():
        found.update({(kind.value, word): "" for word in words.values()})
    found.update({("digit", word): "" for word in DIGITS})
    found.update({("letter", word): "" for word in LETTERS})
    found.update({("unit", word): "" for word in UNITS.values()})
    found.update({("sign", word): "" for word in SIGNS.values()})
    found.update({("form", word): "" for word in FORM.values()})
    found.update({("frame", text): "" for text in FRAMES.values()})
    found.update({("refusal", reason.heading): "" for reason in Reason})
    return [(context, text, plural) for (context, text), plural in found.items()]
