"""The page's files, as they lie in the package.

In:  a path. Out: the file with its kind and a tag to ask by; nothing else of the package, however the path is written:
the files are listed once, and a path is looked up in that list.
"""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "geojson": "application/geo+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
    "pbf": "application/x-protobuf",
}
INDEX: Final = "index.html"


class File:
    """One file: its bytes are read once."""

    def __init__(self, data: bytes, kind: str) -> None:
        self.data, self.kind = data, kind
        self.tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'


class Static:
    """All files of the page, by path."""

    def __init__(self, root: Traversable | None = None) -> None:
        self._files: dict[str, File] = {}
        self._add(root if root is not None else files("wideberth") / "web", "")

    def _add(self, folder: Traversable, prefix: str) -> None:
        if not folder.is_dir():
            return
        for item in folder.iterdir():
            path = f"{prefix}/{item.name}"
            if item.is_dir():
                self._add(item, path)
            else:
                kind = KINDS.get(item.name.rpartition(".")[2], "application/octet-stream")
                self._files[path] = File(item.read_bytes(), kind)

    def find(self, path: str) -> File | None:
        """The file behind a path."""
        return self._files.get(f"/{INDEX}" if path == "/" else path)

    def respond(self, request: Request, file: File) -> Response:
        """The file, or word that the reader's copy is good."""
        headers = {"etag": file.tag, "cache-control": "no-cache"}
        if file.tag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(file.data, 200, {**headers, "content-type": file.kind})
