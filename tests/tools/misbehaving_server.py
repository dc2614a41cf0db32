"""A real HTTP server on loopback that serves files well or badly, as the address asks.

http://127.0.0.1:port/good/NAME serves the file NAME, .../http-403/NAME refuses it, and so on:
the first part of the path names a behaviour. So one server stands for mirrors of every kind.
"""

import functools
import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        behaviour, _, name = (
            self.path.removeprefix("http://mirror.invalid").lstrip("/").partition("/")
        )
        body = self.server.files.get(name.rpartition("/")[2])
        if body is None:
            self.reply(404, b"no such file")
        else:
            BEHAVIOURS[behaviour](self, body)

    def reply(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        """Send a reply; `length` is what Content-Length claims, -1 to leave it out."""
        self.send_response(status)
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.hang_up()

    def hang_up(self, *, reset: bool = False) -> None:
        self.close_connection = True
        if reset:  # no farewell: the other side sees "connection reset by peer"
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serve until the end of the `with` statement.

    Args:
        files: from the name to the body.
        certificate: a file with a key and a certificate, to speak https.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, files: dict[str, bytes], certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.requests: list[str] = []
        self.released = threading.Event()  # ends the replies that stall
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"

    def address(self, behaviour: str) -> str:
        """Give the address of the mirror that behaves like this."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}/{behaviour}"

    def __enter__(self) -> "Server":
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()

    def shutdown_request(self, request: object) -> None:
        self.close_request(request)  # type: ignore[arg-type]  # no polite FIN before a reset

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that leave in the middle are what is tested here


def status(code: int, **headers: str) -> Callable[[Handler, bytes], None]:
    return lambda handler, body: handler.reply(code, HTML, **headers)


def good(handler: Handler, body: bytes) -> None:
    handler.reply(200, body)


def chunked(handler: Handler, body: bytes) -> None:
    half = len(body) // 2
    parts = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[:half], body[half:], b""))
    handler.reply(200, parts, length=-1, Transfer_Encoding="chunked")


def broken_chunk(handler: Handler, body: bytes) -> None:
    handler.reply(200, b"40\r\n" + body[:50], length=-1, Transfer_Encoding="chunked")


def encoded(handler: Handler, body: bytes) -> None:
    """Call the .gz file's own compression the transfer's, as some storage services do."""
    handler.reply(200, body, Content_Encoding="gzip")


def encoded_once_more(handler: Handler, body: bytes) -> None:
    handler.reply(200, gzip.compress(body), Content_Encoding="gzip")


def not_really_encoded(handler: Handler, body: bytes) -> None:
    handler.reply(200, HTML, Content_Encoding="gzip")


def wrong_bytes(handler: Handler, body: bytes) -> None:
    """As many bytes as there should be, one of them wrong."""
    middle = len(body) // 2
    handler.reply(200, body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :])


def other_file(handler: Handler, body: bytes) -> None:
    raw = bytearray(gzip.decompress(body))
    raw[-1] ^= 1
    handler.reply(200, gzip.compress(bytes(raw)))


def unpacked(handler: Handler, body: bytes) -> None:
    handler.reply(200, gzip.decompress(body))


def stall(handler: Handler, body: bytes) -> None:
    handler.reply(200, body[: len(body) // 2], length=len(body))
    handler.server.released.wait(30)


def mute(handler: Handler, body: bytes) -> None:
    handler.server.released.wait(30)
    handler.hang_up()


def drip(handler: Handler, body: bytes) -> None:
    handler.reply(200, b"", length=len(body))
    for i in range(len(body)):
        handler.wfile.write(body[i : i + 1])
        if handler.server.released.wait(0.05):
            return


def reset(handler: Handler, body: bytes) -> None:
    handler.hang_up(reset=True)


def reset_in_the_middle(handler: Handler, body: bytes) -> None:
    handler.reply(200, body[: len(body) // 2], length=len(body))
    handler.wfile.flush()
    handler.server.released.wait(0.02)  # let the half arrive before the reset overtakes it
    handler.hang_up(reset=True)


def empty_reply(handler: Handler, body: bytes) -> None:
    handler.hang_up()


def not_http(handler: Handler, body: bytes) -> None:
    handler.wfile.write(b"\x1b[31mSSH-2.0-OpenSSH\r\n\r\n")
    handler.hang_up()


def endless(handler: Handler, body: bytes) -> None:
    handler.reply(200, body, length=-1)
    while not handler.server.released.is_set():
        handler.wfile.write(bytes(1 << 16))


def endless_html(handler: Handler, body: bytes) -> None:
    handler.reply(200, HTML, length=-1)
    while not handler.server.released.is_set():
        handler.wfile.write(HTML * 1000)


def too_long(handler: Handler, body: bytes) -> None:
    handler.reply(200, body, length=1 << 40)


def bomb(handler: Handler, body: bytes) -> None:
    handler.reply(200, make_bomb(body))


def encoded_bomb(handler: Handler, body: bytes) -> None:
    handler.reply(200, make_bomb(body), Content_Encoding="gzip")


@functools.cache
def make_bomb(body: bytes) -> bytes:
    return gzip.compress(gzip.decompress(body) + bytes(20 << 20))


def cut(position: float) -> Callable[[Handler, bytes], None]:
    """Close the connection before all that was announced has been sent."""
    return lambda h, body: h.reply(200, body[: int(position * len(body))], length=len(body))


def cut_unannounced(position: float) -> Callable[[Handler, bytes], None]:
    """The same, from a server that does not announce the length."""
    return lambda h, body: h.reply(200, body[: int(position * len(body))], length=-1)


def redirect(to: str) -> Callable[[Handler, bytes], None]:
    """Send the client on; {name} is the file's name."""

    def answer(handler: Handler, body: bytes) -> None:
        name = handler.path.rpartition("/")[2]
        handler.reply(302, b"", Location=to.format(name=name))

    return answer


GOOD: dict[str, Callable[[Handler, bytes], None]] = {
    "good": good,
    "chunked": chunked,
    "encoded": encoded,
    "encoded-once-more": encoded_once_more,
    "unpacked": unpacked,
    "redirect": redirect("/good/{name}"),
    "redirect-relative": redirect("../good/{name}"),
    "redirect-twice": redirect("/redirect/{name}"),
}
# How a mirror fails, and words that the reason must hold.
BAD: dict[str, tuple[Callable[[Handler, bytes], None], str]] = {
    "http-204": (status(204), "HTTP 204 No Content"),
    "http-304": (status(304), "HTTP 304"),
    "http-403": (status(403), "HTTP 403 Forbidden"),
    "http-404": (status(404), "HTTP 404 Not Found"),
    "http-429": (status(429, Retry_After="0"), "HTTP 429 Too Many Requests"),
    "http-429-hour": (status(429, Retry_After="3600"), "asks to wait for 3,600 s"),
    "http-500": (status(500), "HTTP 500 Internal Server Error"),
    "http-503": (status(503, Retry_After="nonsense"), "HTTP 503 Service Unavailable"),
    "http-599": (status(599), "HTTP 599"),
    "html": (status(200), "an HTML page, not IDX"),
    "empty": (cut_unannounced(0), "0 bytes long"),
    "wrong-bytes": (wrong_bytes, "damaged or cut short"),
    "other-file": (other_file, "other contents: expected SHA-256"),
    "cut-at-once": (cut(0), "the connection broke"),
    "cut-in-the-middle": (cut(0.5), "the connection broke"),
    "cut-near-the-end": (cut(0.999), "the connection broke"),
    "cut-unannounced": (cut_unannounced(0.5), "damaged or cut short"),
    "cut-unannounced-near-the-end": (cut_unannounced(0.999), "damaged or cut short"),
    "broken-chunk": (broken_chunk, "the connection broke"),
    "not-really-encoded": (not_really_encoded, "sent something else"),
    "stall": (stall, "stalled"),
    "mute": (mute, "stalled"),
    "drip": (drip, "too slow"),
    "reset": (reset, "the connection broke"),
    "reset-in-the-middle": (reset_in_the_middle, "the connection broke"),
    "empty-reply": (empty_reply, "the connection broke"),
    "not-http": (not_http, "the connection broke"),
    "endless": (endless, "too long for this file"),
    "endless-html": (endless_html, "an HTML page, not IDX"),
    "too-long": (too_long, "announces 1,099,511,627,776 bytes"),
    "bomb": (bomb, "too long"),
    "encoded-bomb": (encoded_bomb, "too long"),
    "redirect-for-ever": (redirect("/redirect-for-ever/{name}"), "more than 5 redirects"),
    "redirect-to-403": (redirect("/http-403/{name}"), "HTTP 403"),
    "redirect-to-file": (redirect("file:///etc/passwd"), "an address must begin"),
    "redirect-to-nobody": (redirect("http://127.0.0.1:9/{name}"), "Connection refused"),
}
BEHAVIOURS = GOOD | {name: behave for name, (behave, _) in BAD.items()}
