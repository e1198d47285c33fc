"""Reading back: what a cell has to say of a message's geometry, and what of it was wrong.

In:  the state, a message, what was said.
Out: the texts that are right, each with its check characters (`words.readback`); differences.
The texts come from the geometry as it was sent, never from what somebody typed.
"""

from wideberth.limits import NAME_CHARACTERS_MAX
from wideberth.refusal import Reason, Refusal, refuse
from wideberth.theatre.hotline_rows import Message
from wideberth.theatre.state import State
from wideberth.words.readback import ReadBack, compare, landmark_of, readback_of

Wrong = tuple[str, str, str, str]
"""An item, what was said of it, what is right, what is wrong with it."""


def expected(state: State, message: Message) -> ReadBack | None:
    """What has to be read back; None where there is no geometry."""
    volumes = state.message_volumes(message)
    return readback_of(volumes, message.version, state.charter.landmarks) if volumes else None


def landmark(state: State, message: Message) -> str:
    """The landmark from which the bearing that is read back is; empty where there is none."""
    volumes = state.message_volumes(message)
    return landmark_of(volumes, state.charter.landmarks) if volumes else ""


def differences(state: State, message: Message, echo: tuple[str, ...]) -> tuple[Wrong, ...] | Refusal:
    """What of an echo is wrong; refused where nothing is to be read back, or far more is said."""
    right = expected(state, message)
    if right is None:
        return refuse(Reason.OUT_OF_RANGE, "command.echo", "nothing: the message has no geometry", len(echo))
    if len(echo) > 2 * len(right.items()) or any(len(said) > NAME_CHARACTERS_MAX for said in echo):
        limit = f"{len(right.items())} items of at most {NAME_CHARACTERS_MAX} characters"
        return refuse(Reason.OUT_OF_RANGE, "command.echo", limit, f"{len(echo)} items")
    return tuple((d.item, d.said, d.right, _wrong(d.wrong, d.displaced_m)) for d in compare(right, echo))


def _wrong(what: str, displaced_m: float | None) -> str:
    return what if displaced_m is None else f"{what}, {displaced_m:.0f} m away"
