"""What the page's tests in a browser share: a cardboard node, two browsers, a page in each."""

from collections.abc import Iterator

import page_stub
import pytest
from page_browser import Browser, Page


@pytest.fixture(scope="session")
def node() -> Iterator[page_stub.Running]:
    running = page_stub.Running()
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def plain_chromium() -> Iterator[Browser]:
    """Without WebGL, where a test needs no map: drawing in software takes most of a test's time."""
    browser = Browser(gl=False)
    yield browser
    browser.close()


@pytest.fixture
def stub(node: page_stub.Running) -> page_stub.Stub:
    node.stub.reset("mock")
    return node.stub


@pytest.fixture
def page(chromium: Browser, stub: page_stub.Stub) -> Iterator[Page]:
    fresh = chromium.page(shift_to=stub.seconds())
    yield fresh
    fresh.close()


@pytest.fixture
def plain(plain_chromium: Browser, stub: page_stub.Stub) -> Iterator[Page]:
    fresh = plain_chromium.page(shift_to=stub.seconds())
    yield fresh
    fresh.close()
