"""The web application: the page, and JSON about one run directory.

GET /                                   the page; GET /assets/NAME what it loads
GET /api/changes?samples=N&rejected=M   rows beyond those, and the state of the run; asked again and again
GET /api/samples/ID                     one sample, its sources and drafts
GET /api/samples/ID/messages/N?page=P   a page of a long message
PUT /api/samples/ID/label               {"label": "keep" | "drop" | "flag" | null}
GET /api/rejected/INDEX                 one item that was not kept
GET /api/graph, GET /api/figures        the API graph; coverage and cost
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from toolweave.pipeline.storage.labels import LABELS, Label
from toolweave.pipeline.viewer.details import lost_details, message_page, sample_details
from toolweave.pipeline.viewer.figures import Figures, state_of
from toolweave.pipeline.viewer.guard import Guard
from toolweave.pipeline.viewer.index import RunIndex
from toolweave.pipeline.viewer.picture import picture_of
from toolweave.servers.errors import RunError, ToolweaveError
from toolweave.servers.json_values import as_object

ASSETS = Path(__file__).parent / "assets"
MEDIA = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
FIRST_ROWS, MOST_ROWS = 200, 2000
"""Rows of the first answer, which is to be there at once, and of the others."""
_MALFORMED = (KeyError, IndexError, TypeError, AttributeError, ValueError)
MOST_BYTES = 10_000
"""Bytes of a request's body."""


class Json(Response):
    """A value as JSON; halves of surrogate pairs stay as they are, escaped."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The body."""
        return content if isinstance(content, bytes) else json.dumps(content).encode()


class Viewer:
    """Answers about one run."""

    def __init__(self, index: RunIndex) -> None:
        self.index = index
        self._figures = Figures(index)
        self._assets = {file.name: file.read_bytes() for file in ASSETS.iterdir() if file.suffix in MEDIA}

    def app(self) -> ASGIApp:
        """The application, guarded."""
        routes = [
            Route("/", self.asset),
            Route("/api/changes", self.changes),
            Route("/api/samples/{name}", self.sample),
            Route("/api/samples/{name}/messages/{message:int}", self.message),
            Route("/api/samples/{name}/label", self.label, methods=["PUT"]),
            Route("/api/rejected/{number:int}", self.lost),
            Route("/api/graph", self.graph),
            Route("/api/figures", self.figures),
            Route("/assets/{name}", self.asset),
        ]
        return Guard(Starlette(routes=routes, exception_handlers={ToolweaveError: _told}))

    async def asset(self, request: Request) -> Response:
        """The page, or a file that it loads; all are in memory, so nothing waits for a thread."""
        name = request.path_params.get("name", "index.html")
        if name not in self._assets:
            raise HTTPException(404, "There is no such file.")
        return Response(self._assets[name], media_type=MEDIA[Path(name).suffix])

    def changes(self, request: Request) -> Response:
        """Rows that the page does not have yet."""
        index, asked = self.index, request.query_params
        same = asked.get("generation") == str(index.generation)
        samples, rejected = (_number(asked.get(name)) if same else 0 for name in ("samples", "rejected"))
        facts = {
            "generation": index.generation,
            "complete": index.complete,
            "unreadable": index.unreadable,
            "totals": {"samples": len(index.samples), "rejected": len(index.rejected)},
            "labels": index.labels,
            "state": state_of(index.root),
        }
        rows = b'"samples":[%b],"rejected":[%b],' % (_from(index.samples, samples), _from(index.rejected, rejected))
        return Json(b"{" + rows + json.dumps(facts).encode()[1:])

    def sample(self, request: Request) -> Response:
        """One sample."""
        found = self._sample(request)
        try:
            return Json(sample_details(found, self.index.revisions(int(found["index"]))))
        except _MALFORMED as error:
            raise RunError(f"This sample is of another format: {error!r}.") from error

    def message(self, request: Request) -> Response:
        """A page of a message."""
        page = message_page(
            self._sample(request), request.path_params["message"], _number(request.query_params.get("page"))
        )
        if page is None:
            raise HTTPException(404, "There is no such message.")
        return Json(page)

    async def label(self, request: Request) -> Response:
        """Label a sample."""
        name = request.path_params["name"]
        label = await _label_in(request)
        if not self.index.knows(name):
            raise HTTPException(404, "There is no such sample.")
        self.index.set_label(name, label)
        return Json({"id": name, "label": label})

    def lost(self, request: Request) -> Response:
        """One item that was not kept."""
        number = request.path_params["number"]
        line = self.index.lost(number)
        if line is None:
            raise HTTPException(404, "There is no such item.")
        try:
            return Json(lost_details(line, self.index.revisions(number), self.index.events(number)))
        except _MALFORMED as error:
            raise RunError(f"This item is of another format: {error!r}.") from error

    def graph(self, _: Request) -> Response:
        """The API graph."""
        return Json(picture_of(self.index.root))

    def figures(self, _: Request) -> Response:
        """Coverage and cost."""
        return Json(self._figures.as_json())

    def _sample(self, request: Request) -> dict[str, Any]:
        found = self.index.sample(request.path_params["name"])
        if found is None:
            raise HTTPException(404, "There is no such sample.")
        return found


def _told(_: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 500)


def _from(rows: Sequence[bytes], start: int) -> bytes:
    return b",".join(rows[start : start + (MOST_ROWS if start else FIRST_ROWS)])


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else 0


async def _label_in(request: Request) -> Label | None:
    if request.headers.get("content-type") != "application/json":
        raise HTTPException(415, "Send JSON.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "That is too long.")
    try:
        label = as_object(json.loads(body)).get("label")
    except ValueError as error:
        raise HTTPException(400, "That is no JSON.") from error
    if label is not None and label not in LABELS:
        raise HTTPException(400, f"A label is one of {', '.join(LABELS)}, or null.")
    return label
