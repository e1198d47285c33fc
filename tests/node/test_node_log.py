"""The log goes to standard error as it is now, also where that was another one when logging was set up."""

import io
import sys

import pytest
import structlog

from wideberth.node.serve import configure_log


def test_the_log_follows_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that was closed since is written to no more."""
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure_log("info")
    structlog.get_logger().info("one")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    structlog.get_logger().info("two")
    assert '"event": "two"' in second.getvalue()
