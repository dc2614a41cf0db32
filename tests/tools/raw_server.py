"""A server on loopback that answers with any bytes at all, and bytes that never come to an end.

misbehaving_server.py speaks HTTP and serves files badly; this one need not speak HTTP.
"""

import gzip
import itertools
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENCODED = OK + b"Content-Encoding: gzip\r\n\r\n"
DEFLATED = OK + b"Content-Encoding: deflate\r\n\r\n"
FLOODS = {  # what is sent first, and then again and again for ever
    "nothing": (b"", b""),
    "empty lines": (b"", b"\r\n"),
    "the status line": (b"HTTP/1.1 200 ", b"K"),
    "a header's name": (OK, b"X"),
    "a header's value": (OK + b"X: ", b"a"),
    "a folded header": (OK + b"X: a\r\n", b" a\r\n"),
    "headers without end": (OK, b"X: a\r\n"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of 100 Continue": (b"HTTP/1.1 100 Continue\r\n", b"X: a\r\n"),
    "102 Processing": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103 Early Hints": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "a chunk's length": (CHUNKED, b"0"),
    "a chunk's extension": (CHUNKED + b"5;x=", b"a"),
    "chunks of one byte": (CHUNKED + b"2\r\n\x1f\x8b\r\n", b"1\r\na\r\n"),
    "a chunk": (CHUNKED + b"ffff\r\n\x1f\x8b", b"a"),
    "what ends a chunk": (CHUNKED + b"2\r\n\x1f\x8b", b" "),
    "trailers": (CHUNKED + b"2\r\n\x1f\x8b\r\n0\r\n", b"X: a\r\n"),
    "one trailer": (CHUNKED + b"2\r\n\x1f\x8b\r\n0\r\nX: ", b"a"),
    "empty deflate blocks": (ENCODED + b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\0\0\0\xff\xff"),
    "empty deflate blocks without gzip": (DEFLATED + b"\x78\x9c", b"\0\0\0\xff\xff"),
    "empty gzip members": (ENCODED, gzip.compress(b"")),
    "padding after gzip": (ENCODED + gzip.compress(b""), b"\0"),
    "the name in a gzip header": (ENCODED + b"\x1f\x8b\x08\x08\0\0\0\0\0\x03", b"a"),
    "the body": (PLAIN + b"\x1f\x8b", b"a"),
    "the body of HTTP 0.9": (b"\x1f\x8b", b"a"),
    "a redirect's body": (b"HTTP/1.1 302 x\r\nLocation: /x\r\n\r\n", b"a"),
    "a redirect's chunks": (
        b"HTTP/1.1 302 x\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "an error's body": (b"HTTP/1.1 503 x\r\n\r\n", b"a"),
}  # fmt: skip

Answer = Callable[["RawServer", socket.socket, str], None]


class RawServer:
    """Answer every connection with a function of the server, the socket and what was asked.

    Args:
        answer: is called when a request, or what stands for one, has come.
        certificate: a file with a key and a certificate, to speak https.
        tunnel: be a proxy that says yes to CONNECT and then speaks https itself.
    """

    def __init__(
        self, answer: Answer, certificate: Path | None = None, *, tunnel: bool = False
    ) -> None:
        self.answer = answer
        self.tunnel = tunnel
        self.scheme = "https" if certificate else "http"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate:
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.heads: list[str] = []
        self.over = threading.Event()

    def __enter__(self) -> "RawServer":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        self.listener.close()

    def url(self, path: str = "m") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{path}"

    def _listen(self) -> None:
        while not self.over.is_set():
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self.tunnel:
                    self.heads.append(line.recv(65536).decode("latin-1"))
                    line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                if self.scheme == "https":
                    line = self.context.wrap_socket(line, server_side=True)
                head = line.recv(65536).decode("latin-1")
                self.heads.append(head)
                self.answer(self, line, head)
            except OSError:
                pass  # clients that leave in the middle are what is tested here
            finally:
                line.close()


def sends(*parts: bytes, pause: float = 0.0) -> Answer:
    """Send some bytes, and hang up."""
    return _sending(parts, pause)


def flood(first: bytes, again: bytes, pause: float = 0.02) -> Answer:
    """Send some bytes, and then others for ever, every `pause` seconds."""
    return _sending((first, itertools.repeat(again)), pause)


def any_flood(pause: float) -> Answer:
    """Send the flood that the path names, by its number."""

    def answer(server: RawServer, line: socket.socket, head: str) -> None:
        asked = re.match(r"GET /(\d+)", head)  # a redirect's new address has no number
        if asked:
            flood(*list(FLOODS.values())[int(asked[1])], pause)(server, line, head)

    return answer


def _sending(parts: Iterable[bytes | Iterable[bytes]], pause: float) -> Answer:
    def answer(server: RawServer, line: socket.socket, head: str) -> None:
        for part in parts:
            for piece in [part] if isinstance(part, bytes) else part:
                line.sendall(piece)
                if server.over.wait(pause):
                    return

    return answer


def make_certificate(folder: Path) -> Path | None:
    """Make a file with a key and 127.0.0.1's own certificate for it; None without openssl."""
    if not shutil.which("openssl"):
        return None
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem "
        "&& cat key.pem cert.pem > server.pem",
        shell=True,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "server.pem"
