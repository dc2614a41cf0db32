"""The playground's server: the page's files, and its questions, answered in JSON.

Only this machine reaches it, and only who knows the token in its address. It keeps nothing of
those who ask: a question brings all that it needs, so any number of pages may be open at once.
"""

import hmac
import json
import secrets
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
FILES = {path.name: TYPES[path.suffix] for path in FOLDER.iterdir() if path.suffix in TYPES}
LONGEST = 200_000  # bytes of a question: a drawing has about 10,000
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Answer = tuple[int, str, bytes]  # status, content type, body


class Server(ThreadingHTTPServer):
    """Serve the page, and let functions answer its questions.

    Args:
        port: where to listen; 0 takes a free one.
        questions: {name: function}; the names in the JSON of a question are its arguments.
    """

    # On Windows this would let another program listen at the same port, too.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, port: int, questions: dict[str, Callable[..., Any]]) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.questions = questions
        self.token = secrets.token_urlsafe(16)
        self.hosts = [[f"{name}:{self.server_port}"] for name in ("127.0.0.1", "localhost")]
        self.url = f"http://{self.hosts[0][0]}/{self.token}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # else it went away, or fell silent
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answer one client."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds that a client may be silent

    def do_GET(self) -> None:
        status, kind, body = self.answer()
        self.send_response(status)
        sizes = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(body))}
        if status != 200:
            sizes["Connection"] = "close"  # what was sent along may not be read yet
        for name, value in (HEADERS | sizes).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def answer(self) -> Answer:
        """Return the file or the answer that is asked for, or why there is none."""
        if self.headers.get_all("Host") not in self.server.hosts:
            return refusal(403, f"This page is only at {self.server.hosts[0][0]}.")
        start, token, name = (*self.path.partition("?")[0].split("/", 2), "", "")[:3]
        if start or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return refusal(404, "The address lacks the token that the playground printed.")
        name = name or "index.html"
        if name in FILES and self.command == "GET":
            return 200, FILES[name], (FOLDER / name).read_bytes()
        if name in self.server.questions and self.command == "POST":
            return self.reply(self.server.questions[name])
        known = name in FILES or name in self.server.questions
        return refusal(405 if known else 404, f"There is no {self.command} of {name!r}.")

    def reply(self, question: Callable[..., Any]) -> Answer:
        """Put a question to its function."""
        size = self.headers.get("Content-Length", "")
        if not size.isdecimal():
            return refusal(411, "Expected a Content-Length.")
        if int(size) > LONGEST:
            return refusal(413, f"Expected at most {LONGEST:,} bytes, got {int(size):,}.")
        try:
            with np.errstate(all="ignore"):
                answer = question(**json.loads(self.rfile.read(int(size))))
            return 200, "application/json", json.dumps(answer, allow_nan=False).encode()
        except Exception as error:  # a mistake of who asks; the next question is another one
            return refusal(400, str(error) or type(error).__name__)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal quiet."""


def refusal(status: int, why: str) -> Answer:
    """Say why there is no answer."""
    return status, "application/json", json.dumps({"error": why}).encode()
