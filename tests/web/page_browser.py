"""A real browser for the page's tests: headless Chromium over its own pipe (DevTools Protocol), no driver needed.

`find()` gives the browser's path or None; `Browser` opens pages, gathers what they complain of and what they ask for.
A picture of a running page: python tests/web/page_browser.py URL FILE.png [WIDTH HEIGHT [KEYS]]
"""

import base64
import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

FLAGS = [
    "--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--mute-audio", "--lang=en",
    "--disable-extensions", "--disable-default-apps", "--disable-dev-shm-usage", "--remote-debugging-pipe",
]  # fmt: skip
SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
# Chromium reads its pipe at descriptor 3 and answers at 4
LAUNCH = (
    "import fcntl,os,sys;a,b=[fcntl.fcntl(int(f),fcntl.F_DUPFD_CLOEXEC,10) for f in sys.argv[1:3]];"
    "os.dup2(a,3);os.dup2(b,4);os.execv(sys.argv[3],sys.argv[3:])"
)
FINGER_S = 0.1
NO_GL = ["--disable-gpu", "--disable-3d-apis"]


def find() -> str | None:
    """The path of a Chromium, or None."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    return next((path for path in map(shutil.which, names) if path), None)


class Browser:
    """One Chromium with a fresh profile."""

    def __init__(self, gl: bool = True) -> None:
        path = find()
        assert path is not None
        self.profile = tempfile.mkdtemp(prefix="wideberth-page-")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        command = [path, *FLAGS, *(SOFTWARE_GL if gl else NO_GL), f"--user-data-dir={self.profile}", "about:blank"]
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", LAUNCH, str(to_browser), str(from_browser), *command],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.number = 0
        self.answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self.pages: dict[str, Page] = {}
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        rest = b""
        while True:
            try:
                data = os.read(self.read_end, 1 << 20)
            except OSError:
                return
            if not data:
                return
            *messages, rest = (rest + data).split(b"\0")
            for raw in messages:
                message = json.loads(raw)
                if "id" in message:
                    self.answers[message["id"]].put(message)
                elif message.get("sessionId") in self.pages:
                    self.pages[message["sessionId"]].hear(message["method"], message["params"])

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self.number += 1
        number = self.number
        self.answers[number] = queue.Queue()
        body = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self.write_end, json.dumps(body).encode() + b"\0")
        answer = self.answers[number].get(timeout=60)
        del self.answers[number]
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result = answer["result"]
        assert isinstance(result, dict)
        return result

    def page(self, width: int = 1366, height: int = 768, shift_to: float | None = None) -> "Page":
        """A page in a context of its own; `shift_to` moves its clock to that time (s since 1970)."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, context)
        self.pages[session] = page
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.size(width, height)
        if shift_to is not None:
            page.call("Page.addScriptToEvaluateOnNewDocument", source=shift_script(shift_to - time.time()))
        return page

    def close(self) -> None:
        with contextlib.suppress(RuntimeError, OSError, queue.Empty):
            self.call("Browser.close")
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for end in (self.write_end, self.read_end):
            with contextlib.suppress(OSError):
                os.close(end)
        shutil.rmtree(self.profile, ignore_errors=True)


def shift_script(seconds: float) -> str:
    return (
        f"(()=>{{const by={seconds * 1000:.0f},Real=Date;globalThis.Date=class extends Real{{"
        "constructor(...a){a.length?super(...a):super(Real.now()+by)}static now(){return Real.now()+by}};})()"
    )


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self.browser, self.session, self.context = browser, session, context
        self.complaints: list[str] = []
        self.requests: list[str] = []

    def hear(self, method: str, params: dict[str, Any]) -> None:
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(f"{details['text']} {details.get('exception', {}).get('description', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **params)

    def size(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of an expression; promises are awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "script failed"))
        return answer["result"].get("value")

    def until(self, condition: str, seconds: float = 20) -> None:
        """Waits until an expression is true; says which one never was."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(RuntimeError):
                if self.run(f"Boolean({condition})"):
                    return
            time.sleep(0.05)
        text = self.run("document.body.innerText")[:600]
        raise AssertionError(f"never true: {condition}; complaints: {self.complaints}; page: {text}")

    def key(self, key: str, code: str = "", text: str | None = None) -> None:
        """One press of a key."""
        numbers = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32, "ArrowDown": 40}
        base = {"key": key, "code": code or key, "windowsVirtualKeyCode": numbers.get(key, ord(key[0].upper()))}
        typed = text if text is not None else (key if len(key) == 1 else "\r" if key == "Enter" else None)
        self.call("Input.dispatchKeyEvent", type="keyDown", **base, **({"text": typed} if typed else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **base)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def press(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, button="left", clickCount=1)

    def release(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, button="left", clickCount=1)

    def click(self, x: float, y: float) -> None:
        """Presses and releases as slowly as a finger: what is drawn meanwhile must not take the click."""
        self.press(x, y)
        time.sleep(FINGER_S)
        self.release(x, y)

    def move(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def picture(self, path: Path) -> None:
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        self.browser.pages.pop(self.session, None)
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)


def take_picture(url: str, path: str, width: str = "1366", height: str = "768", keys: str = "") -> None:
    """Opens the address, waits until the map is drawn, presses the keys, and keeps what is on screen."""
    browser = Browser()
    page = browser.page(int(width), int(height))
    page.open(url)
    page.until("document.documentElement.dataset.map==='idle'&&document.querySelector('#marks g')", 60)
    for key in keys:
        page.key(key)
    time.sleep(2)
    page.picture(Path(path))
    browser.close()


if __name__ == "__main__":
    take_picture(*sys.argv[1:])
