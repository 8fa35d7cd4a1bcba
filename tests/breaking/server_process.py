"""The server as a process of its own, which first writes down what it can be asked: its routes and its OpenAPI schema."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from processes import Child, _youju, start

from tests.waiting import LONGEST


def serve(index: Path, folder: Path) -> None:
    """The command ``youju ui`` with nothing outside of ``folder`` for its temporary files."""
    os.environ["GRADIO_TEMP_DIR"] = str(folder / "uploads")
    from ui import server

    create = server.create

    def noted(*arguments: Any, **options: Any) -> Any:
        guard = create(*arguments, **options)
        app = guard._app._app
        (folder / "asked.json").write_text(json.dumps({"routes": sorted(_routes(app.routes)), "schema": _schema(app)}))
        return guard

    server.create = noted
    _youju(["ui", "--port", "0", "--model", "extractive", "--index", str(index)])


def _routes(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    """Path and methods of each route, of the mounted applications too."""
    for route in routes:
        path = prefix + getattr(route, "path", "")
        inner = getattr(getattr(route, "original_router", route), "routes", None)
        if inner:
            yield from _routes(inner, path)
        elif path:
            yield path, sorted(getattr(route, "methods", None) or ["GET", "POST"])


def _schema(app: Any) -> dict[str, Any]:
    """FastAPI's description of ``/v1``, with the body that the endpoint reads by itself."""
    from ui.openai_api import Completion

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one function answers all unknown paths
        schema: dict[str, Any] = app.openapi()
    body = Completion.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.setdefault("components", {}).setdefault("schemas", {}).update(body.pop("$defs"))
    schema["paths"]["/v1/chat/completions"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": body}},
    }
    return schema


class Server:
    """A running server.

    Attributes:
        url: its address.
        routes: path and methods of each route.
        schema: the OpenAPI schema of ``/v1``.
    """

    def __init__(self, index: Path, folder: Path) -> None:
        self._child: Child = start(serve, index, folder, output=folder / "server.txt")
        self._read = 0
        deadline = time.monotonic() + LONGEST
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self._child.written)):
            assert self._child.process.is_alive() and time.monotonic() < deadline, self._child.written
            time.sleep(0.1)
        self.url = found[0]
        asked = json.loads((folder / "asked.json").read_text())
        self.routes: list[tuple[str, list[str]]] = asked["routes"]
        self.schema: dict[str, Any] = asked["schema"]

    def new_output(self) -> str:
        """What the server wrote to its terminal since this was asked last."""
        written = self._child.written
        new, self._read = written[self._read :], len(written)
        return new

    @property
    def is_alive(self) -> bool:
        return self._child.process.is_alive()

    def stop(self) -> None:
        self._child.kill()
