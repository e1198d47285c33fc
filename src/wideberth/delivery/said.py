"""What goes out on a route: the least that helps, or what its reader would fetch.

In:  a job, the state, this node's address, whether the operator lets whole notices out.
Out: plain values for JSON (webhook, push), or a subject and a text (mail).
The least: that there is something, of which urgency, for which cell, where to fetch it. It names neither sender nor
place; a FLASH in somebody's mailbox says no more than that there is one.
"""

from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from wideberth.limits import PUSH_BYTES_MAX
from wideberth.theatre.hotline_routes import OF_ALERTS, STOP_FIRST, Job
from wideberth.theatre.hotline_rows import PRECEDENCES
from wideberth.theatre.hotline_views import MessageNow, find_message, message
from wideberth.theatre.shown import Shown, id_text
from wideberth.theatre.state import State


class Item(Shown, frozen=True):
    """What a route carries. `id` is of this thing on this route, the same at each try: what was seen before under it
    is dropped."""

    id: str
    theatre: str
    exercise: bool
    drill: bool
    what: str
    """"message", "reminder", "cancelled", "check", "alert", "passed", "lost" or "test"."""
    urgency: str
    """"stop", "flash", "immediate", "priority" or "routine"; empty for a test."""
    cell: str
    asked: str
    path: str
    language: str
    fetch: str
    """Where it is read, with a session."""
    sentence: str
    message: MessageNow | None = None
    """The whole, where party and operator both want it so."""


Words = Callable[[Item], str]
"""One sentence in the item's language."""
ENGLISH: Final[dict[str, str]] = {
    "message": "There is a message for you",
    "reminder": "Nobody has acknowledged a message",
    "cancelled": "A message was taken back",
    "check": "The line is being checked: answer",
    "alert": "The live watch warns you: look at your alerts",
    "passed": "What the live watch warned you of has passed",
    "lost": "What the live watch warned you of is out of sight: how it goes on is not known",
    "test": "This is a test of your route",
}


def sentence(item: Item) -> str:
    """The same in English, until a room for the reader's language words it."""
    head = f"{'EXERCISE ' * item.exercise}{'DRILL ' * item.drill}{item.urgency.upper()}".strip()
    cell = f" ({item.cell})" if item.cell else ""
    return f"{head}: {ENGLISH[item.what]}{cell}." if head else f"{ENGLISH[item.what]}{cell}."


class Composer(NamedTuple):
    """Makes the items of one node."""

    state: State
    url: Callable[[], str]
    """This node's address as parties reach it."""
    whole: bool
    """Whether the operator lets whole notices out."""
    words: Words = sentence

    def item(self, job: Job) -> Item:
        """What a job says."""
        state = self.state
        urgency = "stop" if job.urgency == STOP_FIRST else PRECEDENCES[job.urgency - 1].value
        of = {"check": "lines", **dict.fromkeys(OF_ALERTS, "alerts")}.get(job.what, "messages")
        if of == "messages" and self._wants_whole(job):
            of += f"/{job.sender}/{id_text(job.subject)}"
        bare = Item(
            str(UUID(bytes=job.id)),
            state.theatre,
            state.exercise,
            job.drill,
            job.what,
            "" if job.what == "test" else urgency,
            job.cell,
            job.asked,
            job.route.path.value,
            job.route.language,
            f"{self.url()}/v1/{of}",
            "",
            self._message(job),
        )
        return msgspec.structs.replace(bare, sentence=self.words(bare))

    def _wants_whole(self, job: Job) -> bool:
        return self.whole and job.route.whole and job.what != "test"

    def _message(self, job: Job) -> MessageNow | None:
        if not self._wants_whole(job) or job.what in ("check", *OF_ALERTS):
            return None
        row = find_message(self.state, job.party, job.sender, job.subject)
        return message(self.state, job.party, row) if row is not None and row.version == job.version else None


def as_json(item: Item) -> bytes:
    """For a webhook."""
    return msgspec.json.encode(item)


def as_push(item: Item) -> bytes:
    """For a browser: what fits, and that is the least where the whole does not."""
    whole = as_json(item)
    return whole if len(whole) <= PUSH_BYTES_MAX else as_json(msgspec.structs.replace(item, message=None))


def as_mail(item: Item) -> tuple[str, str]:
    """Subject and text."""
    lines = [item.sentence, "", item.fetch]
    if item.message is not None:
        lines += ["", msgspec.json.format(msgspec.json.encode(item.message), indent=1).decode()]
    lines += ["", f"{item.theatre} · {item.what} · {item.path} path · {item.id}"]
    return item.sentence, "\n".join(lines) + "\n"
