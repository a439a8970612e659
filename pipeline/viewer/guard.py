"""What stands before every answer: loopback names only, this origin only, and nothing from elsewhere is loaded."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Guard:
    """An application behind a check of who asks: pages of other sites and other names for this machine get nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = refused(Headers(scope=scope))
        answer = self._app if refusal is None else PlainTextResponse(refusal, 403)
        await answer(scope, receive, guarded)


def refused(headers: Headers) -> str | None:
    """Why a request is not answered; `None` when it is."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if host.rpartition(":")[0] not in LOOPBACK and host not in LOOPBACK:
        return "This page is for this machine only: open it at 127.0.0.1."
    if origin is not None and origin != f"http://{host}":
        return "Another site may not ask this."
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "Another site may not ask this."
    return None
