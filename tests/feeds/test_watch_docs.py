"""The page of the live watch: every block of settings on it is one that a node takes."""

import re
from pathlib import Path

import pytest

from wideberth.feeds.formats import Format
from wideberth.feeds.settings import read_feeds
from wideberth.refusal import Refusal

PAGE = (Path(__file__).parents[2] / "docs/watch.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_settings_is_taken(block: str) -> None:
    """Each reads without a refusal."""
    feeds = read_feeds(block.encode())
    assert not isinstance(feeds, Refusal), feeds.sentence()
    assert feeds


def test_the_blocks_together_are_a_file_and_show_every_format() -> None:
    """All on one node, each format at least once but the lines of readsb, which are as its JSON."""
    feeds = read_feeds("\n".join(BLOCKS).encode())
    assert not isinstance(feeds, Refusal), feeds.sentence()
    assert {feed.format for feed in feeds} == set(Format) - {Format.READSB_LINES}
