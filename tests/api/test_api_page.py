"""The page is served as it lies in the package, and every answer carries the headers that keep it to itself."""

from importlib.resources import files
from pathlib import Path

from api_kit import World, run

from wideberth.api.app import HEADERS
from wideberth.api.static import KINDS, Static

WEB = files("wideberth") / "web"


def test_every_file_of_the_page_is_served_with_its_kind(tmp_path: Path) -> None:
    """Byte for byte; the index at /; a copy that is good is not sent again."""

    async def steps(world: World) -> None:
        index = await world.client.get("/")
        assert index.content == (WEB / "index.html").read_bytes()
        assert index.headers["content-type"] == "text/html; charset=utf-8"
        script = await world.client.get("/app/main.js")
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        tag = script.headers["etag"]
        good = await world.client.get("/app/main.js", headers={"if-none-match": f'"other", {tag}'})
        assert (good.status_code, good.content, good.headers["etag"]) == (304, b"", tag)
        changed = await world.client.get("/app/main.js", headers={"if-none-match": '"other"'})
        assert (changed.status_code, changed.content) == (200, script.content)

    run(tmp_path, steps)


def test_no_path_leads_out_of_the_page(tmp_path: Path) -> None:
    """However it is written, nothing but the listed files is found."""

    async def steps(world: World) -> None:
        for path in (
            "/../api/app.py",
            "/app/../../api/app.py",
            "/%2e%2e/api/app.py",
            "/app/%2e%2e%2f%2e%2e%2fapi/app.py",
            "//etc/passwd",
            "/app",
            "/app/",
            "/index.html/",
            "/app/main.js%00",
            "/app\\main.js",
        ):
            answer = await world.client.get(path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json"

    run(tmp_path, steps)


def test_every_answer_carries_the_headers(tmp_path: Path) -> None:
    """Page, API, refusal and problem alike; what the API says is kept by no cache."""

    async def steps(world: World) -> None:
        for path in ("/", "/v1/about", "/v1/view", "/nowhere", "/openapi.json"):
            answer = await world.client.get(path)
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, (path, name)
            assert answer.headers["cache-control"] == ("no-cache" if path == "/" else "no-store")
        assert "strict-transport-security" not in answer.headers

    run(tmp_path, steps)


def test_every_kind_of_file_in_the_package_is_known() -> None:
    """No file of the page is served as a stream of bytes that a browser would not take."""
    unknown = [path for path, file in Static()._files.items() if file.kind == "application/octet-stream"]
    assert [path for path in unknown if "." in path.rpartition("/")[2]] == []
    assert KINDS["mjs"].startswith("text/javascript")
