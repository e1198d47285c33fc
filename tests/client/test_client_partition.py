"""A line that is cut for ten minutes, and clocks ten seconds apart: nothing lost, nothing doubled, and it is said."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import structlog
from served import founded, seed_of, serving

from wideberth.cli.watch_lines import Reader, lines_of
from wideberth.client import Answer, Client, Problem, Tick, Unanswered, follow
from wideberth.client.outbox import Outbox
from wideberth.client.stream import Skew
from wideberth.party.command import Text
from wideberth.party.hotline import MessageKind, Precedence, Send


class Cut(httpx.BaseTransport):
    """A line that can be cut: before a request leaves, or before its answer arrives."""

    def __init__(self) -> None:
        self._line = httpx.HTTPTransport()
        self.out = self.back = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on, as far as the line goes."""
        if self.out:
            raise httpx.ConnectError("cut", request=request)
        answer = self._line.handle_request(request)
        if self.back:
            answer.read()
            raise httpx.ReadError("cut", request=request)
        return answer

    def close(self) -> None:
        """Nothing is left open."""
        self._line.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A node with AAA, BBB and CCC."""
    folder = tmp_path_factory.mktemp("node")
    founded(folder)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    with serving(folder) as address:
        yield address
    structlog.reset_defaults()


class Desk:
    """AAA behind a line that can be cut, whose clock is `behind` the world's."""

    def __init__(self, url: str, folder: Path) -> None:
        self.line, self.behind = Cut(), timedelta(0)
        self.client = Client(
            url, "AAA", seed_of("AAA"), transport=self.line, patience_s=0.0, now=self.now, sleep=lambda _: None
        )
        self.outbox = Outbox(folder / "waiting")
        assert self.client.view()

    def now(self) -> datetime:
        """Its time."""
        return datetime.now(UTC) - self.behind

    def say(self) -> bytes:
        """A message to BBB; what nobody answers is kept. Its id."""
        message = self.client.new_id()
        command = Send(message, 0, MessageKind.NOTICE, Precedence.ROUTINE, ("BBB",), "", 0)
        try:
            answer = self.client.say(command, [Text("en", "said while the line was cut")])
            assert isinstance(answer, Answer)
        except Unanswered as cut:
            self.outbox.put(cut.sealed)
        return message

    def exists(self, message: bytes) -> bool:
        """Whether the node has it."""
        from wideberth.client.hotline import Hotline

        return not isinstance(Hotline(self.client).message("AAA", message), Problem)


DeskOf = Callable[[], Desk]


@pytest.fixture
def desk_of(url: str, tmp_path: Path) -> Iterator[DeskOf]:
    """Desks that share what waits; their lines are closed at the end."""
    with ExitStack() as open_:

        def desk() -> Desk:
            found = Desk(url, tmp_path)
            open_.enter_context(found.client)
            return found

        yield desk


def test_ten_minutes_without_a_line(desk_of: DeskOf, tmp_path: Path) -> None:
    """What was said meanwhile arrives once, in order, where its time is not over; what was too late is refused and says
    so; what had arrived, though its answer was lost, gets its first answer; a new desk goes on with the same file."""
    desk = desk_of()
    desk.line.out = True
    said = []
    for seconds in range(660, 0, -60):  # eleven minutes ago until a minute ago
        desk.behind = timedelta(seconds=seconds)
        said.append(desk.say())
    desk.behind, desk.line.out, desk.line.back = timedelta(0), False, True
    arrived = desk.say()
    desk.line.back = False
    first = desk_of()
    assert len(first.outbox.waiting()) == 12
    answers = [answer for _, answer in first.outbox.send(first.client)]
    late = [answer for answer in answers if isinstance(answer, Problem)]
    assert [answer.reason for answer in late] == ["past-not-after"] * 2, "eleven and ten minutes old"
    positions = [answer.position for answer in answers if isinstance(answer, Answer)]
    assert len(positions) == 10
    assert positions[:-1] == sorted(positions[:-1])
    assert positions[-1] < positions[0], "it stood already: the same answer"
    assert [first.exists(message) for message in (*said, arrived)] == [False] * 2 + [True] * 10
    assert list(first.outbox.send(first.client)) == []
    assert not (tmp_path / "waiting").exists()


def test_a_line_that_is_cut_again_loses_nothing(desk_of: DeskOf, tmp_path: Path) -> None:
    """Whatever answer is lost, the rest waits in its order, and nothing stands twice."""
    desk = desk_of()
    desk.line.out = True
    said = [desk.say() for _ in range(6)]
    positions: list[int | None] = []
    for lost in (True, False, True, False):
        desk.line.out, desk.line.back = False, False
        for _, answer in desk.outbox.send(desk.client):
            assert isinstance(answer, Answer)
            positions.append(answer.position)
            desk.line.back, desk.line.out = lost, not lost
    desk.line.out = desk.line.back = False
    positions += [answer.position for _, answer in desk.outbox.send(desk.client)]
    assert len(positions) == len(set(positions)) == 6
    assert all(desk.exists(message) for message in said)


@pytest.mark.parametrize(("seconds", "flagged"), [(10, True), (-10, True), (2, False)])
def test_clocks_that_differ_by_more_than_five_seconds_are_flagged(
    desk_of: DeskOf, seconds: float, flagged: bool
) -> None:
    """Once a stream, before the tick that shows it; the watch reads it as a line."""
    desk = desk_of()
    desk.behind = timedelta(seconds=seconds)
    seen = []
    for event in follow(desk.client):
        seen.append(event)
        if sum(isinstance(one, Tick) for one in seen) >= 1:
            break
    skews = [one for one in seen if isinstance(one, Skew)]
    assert len(skews) == flagged
    if flagged:
        assert abs(skews[0].seconds - seconds) < 2
        line = lines_of(skews[0], Reader("AAA", "en"))[0]
        assert "THE CLOCKS DIFFER" in line
        assert f"{skews[0].seconds:+.0f} s" in line
