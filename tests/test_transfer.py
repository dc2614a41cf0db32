"""One attempt to fetch a file ends in time, whatever the server does, and gives no secret away."""

import gzip
import socket
import struct
import threading
import time

import pytest
from tiny_set import FILES, RAW, SERVED

from tinynet.datasets import transfer
from tinynet.datasets.download import Mirrors, NoMirror
from tinynet.datasets.transfer import Failure, Transfer, address, shown
from tinynet.support.settings import plain

FILE = FILES[1]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ENCODED = OK + b"Content-Encoding: gzip\r\n\r\n"
PLAIN = OK + b"\r\n"
DRIPS = {  # what is sent first, and then again and again for ever
    "nothing": (b"", b""),
    "the status line": (b"HTTP/1.1 200 ", b"K"),
    "a header's name": (OK, b"X"),
    "a header's value": (OK + b"X: ", b"a"),
    "headers without end": (OK, b"X: a\r\n"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102 Processing": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "a chunk's length": (CHUNKED, b"0"),
    "a chunk's extension": (CHUNKED + b"5;x=", b"a"),
    "a chunk": (CHUNKED + b"ffff\r\n\x1f\x8b", b"a"),
    "trailers": (CHUNKED + b"2\r\n\x1f\x8b\r\n0\r\n", b"X: a\r\n"),
    "empty deflate blocks": (ENCODED + b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\0\0\0\xff\xff"),
    "empty gzip members": (ENCODED, gzip.compress(b"")),
    "the name in a gzip header": (ENCODED + b"\x1f\x8b\x08\x08\0\0\0\0\0\x03", b"a"),
    "the body": (PLAIN + b"\x1f\x8b", b"a"),
    "a redirect's body": (b"HTTP/1.1 302 x\r\nLocation: /x\r\n\r\n", b"a"),
    "an error's body": (b"HTTP/1.1 503 x\r\n\r\n", b"a"),
}


class Raw:
    """A server on 127.0.0.1 that answers every connection with a function of the socket."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heads = []
        self.over = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while not self.over.is_set():
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(line,), daemon=True).start()

    def talk(self, line):
        with line:
            try:
                self.heads.append(line.recv(65536).decode("latin-1"))
                self.answer(self, line)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.over.set()
        self.listener.close()

    def url(self, path="m"):
        return f"http://127.0.0.1:{self.port}/{path}"


def drip(first, again):
    def answer(server, line):
        line.sendall(first)
        while not server.over.wait(0.02):
            line.sendall(again)

    return answer


def sends(body, head=PLAIN):
    return lambda server, line: line.sendall(head + body)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(transfer, "READ_TIMEOUT", 0.6)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def attempt(url, limit=60.0, file=FILE):
    return Transfer(url, file, limit).run(lambda done, total: None)


@pytest.mark.parametrize("where", DRIPS)
def test_a_drip_anywhere_is_ended(where):
    with Raw(drip(*DRIPS[where])) as server:
        start = time.monotonic()
        with pytest.raises(Failure):
            attempt(server.url())
        assert time.monotonic() - start < 8


@pytest.mark.parametrize("where", ["nothing", "a header's value", "headers without end"])
def test_a_proxy_that_drips_before_the_tunnel_is_ended(where, monkeypatch):
    with Raw(drip(*DRIPS[where])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        start = time.monotonic()
        with pytest.raises(Failure):
            attempt("https://mirror.invalid/m")
        assert time.monotonic() - start < 8


def test_a_handshake_that_never_comes_is_ended():
    with Raw(drip(b"", b"")) as server:
        start = time.monotonic()
        with pytest.raises(Failure):
            attempt(server.url().replace("http:", "https:"))
        assert time.monotonic() - start < 8


def test_the_whole_attempt_has_a_limit_however_well_a_server_feeds_it(monkeypatch):
    monkeypatch.setattr(transfer, "SLOWEST", 10)
    with Raw(drip(PLAIN + b"\x1f\x8b", b"a" * 4)) as server:
        start = time.monotonic()
        with pytest.raises(Failure, match=r"too slow: .* bytes in 2 s"):
            attempt(server.url(), limit=2.0)
        assert time.monotonic() - start < 8


def test_a_slow_link_that_does_deliver_is_not_cut_off(monkeypatch):
    body = SERVED[f"{FILE.name}.gz"]
    monkeypatch.setattr(transfer, "SLOWEST", len(body) // 20)

    def slowly(server, line):
        line.sendall(OK + f"Content-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), len(body) // 20):
            line.sendall(body[start : start + len(body) // 20])
            time.sleep(0.1)  # 2 seconds in all, more than three times the patience with silence

    shows = []
    with Raw(slowly) as server:
        _, data = Transfer(server.url(), FILE, 60.0).run(lambda *had: shows.append(had))
    assert data == RAW[FILE.name]
    assert len({done for done, _ in shows}) > 5, "progress shows"
    assert {total for _, total in shows} - {0} == {len(body)}


def test_a_redirects_body_is_never_read():
    body = SERVED[f"{FILE.name}.gz"]

    def answer(server, line):
        if "/elsewhere" in server.heads[-1]:
            line.sendall(PLAIN + body)
            return
        line.sendall(b"HTTP/1.1 302 x\r\nLocation: /elsewhere\r\n\r\n")
        while not server.over.wait(0.02):  # for ever
            line.sendall(bytes(1 << 16))

    with Raw(answer) as server:
        assert attempt(server.url())[1] == RAW[FILE.name]


def test_a_file_is_unpacked_once():
    twice = gzip.compress(gzip.compress(RAW[FILE.name]))
    with (
        Raw(sends(twice)) as server,
        pytest.raises(Failure, match="still gzip-compressed after unpacking it once"),
    ):
        attempt(server.url())


def test_gzip_in_gzip_takes_no_memory():
    import tracemalloc

    inner = gzip.compress(struct.pack(">HBBI", 0, 8, 1, 1 << 28) + bytes(1 << 26), 9)
    with Raw(sends(gzip.compress(inner, 9))) as server:
        tracemalloc.start()
        with pytest.raises(Failure):
            attempt(server.url())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 30_000_000


def test_too_little_memory_is_a_failed_mirror_and_the_next_is_asked(monkeypatch):
    class Greedy:
        name, longest = FILE.name, FILE.longest
        calls = 0

        def unpack(self, copy):
            self.calls += 1
            if self.calls == 1:
                raise MemoryError
            return FILE.unpack(copy)

    with Raw(sends(SERVED[f"{FILE.name}.gz"])) as one, Raw(one.answer) as two:
        assert Mirrors([one.url(), two.url()], False).fetch(Greedy())[1] == RAW[FILE.name]


SECRETS = [
    "http://anna:S3CRET@127.0.0.1:{port}/m",
    "http://anna:S3%43RET@127.0.0.1:{port}/m",
    "http://S3CRET@127.0.0.1:{port}/m",
    "http://127.0.0.1:{port}/m?token=S3CRET",
    "http://anna:S3CRET@127.0.0.1:{port}/m?token=S3CRET#S3CRET",
    "ftp://anna:S3CRET@127.0.0.1/m",
    "http://anna:S3CRET@[::1/m",
    "http://anna:S3CRET@mirror.invalid/m",
    "anna:S3CRET@127.0.0.1/m",
]


@pytest.mark.parametrize("form", SECRETS)
def test_a_password_is_in_no_message(form, capsys):
    def answer(server, line):  # it gives back what it was told, as some servers do
        head = server.heads[-1].replace("\r\n", " ")
        line.sendall(f"HTTP/1.1 403 {head}\r\nLocation: {head}\r\n\r\n{head}".encode())

    with Raw(answer) as server, pytest.raises(NoMirror) as error:
        Mirrors([form.format(port=server.port)], True).fetch(FILE)
    text = str(error.value) + repr(error.value.reasons) + capsys.readouterr().out
    for secret in ("S3CRET", "S3%43RET", "YW5uYTpTM0NSRVQ"):  # the last is what HTTP makes of it
        assert secret not in text


def test_a_password_in_a_redirect_is_in_no_message():
    def answer(server, line):
        line.sendall(b"HTTP/1.1 302 x\r\nLocation: http://anna:S3CRET@127.0.0.1:9/x\r\n\r\n")

    with Raw(answer) as server, pytest.raises(Failure) as error:
        attempt(server.url())
    assert "S3CRET" not in str(error.value)


def test_a_password_in_a_proxys_address_is_in_no_message(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://anna:S3CRET@127.0.0.1:9")
    with pytest.raises(Failure) as error:
        attempt("http://mirror.invalid/m")
    assert "S3CRET" not in str(error.value)


def test_a_proxy_is_taken_as_requests_takes_it(monkeypatch):
    with Raw(sends(SERVED[f"{FILE.name}.gz"])) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.port}")  # without http://
        assert attempt("http://mirror.invalid/m")[1] == RAW[FILE.name]
        assert proxy.heads[0].startswith("GET http://mirror.invalid/m ")


def test_what_a_server_says_is_short_and_printable():
    nasty = "\x1b]0;owned\x07" + "a" * 100_000
    answer = f"HTTP/1.1 302 x\r\nLocation: ftp://{nasty}/\r\n\r\n".encode()
    with Raw(sends(b"", answer)) as server, pytest.raises(Failure) as error:
        attempt(server.url())
    assert len(str(error.value)) <= 300
    assert str(error.value).isprintable()


def test_addresses_as_they_are_asked_for_and_as_they_are_shown():
    assert address("https://a.example/m/?key=1", "f") == "https://a.example/m/f.gz?key=1"
    assert shown("https://u:p@a.example/m?key=1#x") == "https://a.example/m?…"
    assert shown("https://a.example:80/m") == "https://a.example:80/m"
    assert len(shown("https://a.example/" + "m" * 10_000)) <= 200
    assert plain("a\x1bb\nc") == "a?b?c"


def test_no_thread_waits_behind_an_attempt_that_was_ended():
    before = threading.active_count()
    with Raw(drip(PLAIN + b"\x1f\x8b", b"a")) as server:
        with pytest.raises(Failure):
            attempt(server.url())
        deadline = time.monotonic() + 5
        names = ["waiting"]
        while names and time.monotonic() < deadline:
            names = [t.name for t in threading.enumerate() if "_work" in t.name]
            time.sleep(0.05)
    assert not names
    assert threading.active_count() <= before + 3
