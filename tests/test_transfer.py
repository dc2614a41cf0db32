"""One attempt to fetch a file ends in time, whatever the server does, and gives no secret away."""

import gzip
import re
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from raw_server import FLOODS, OK, PLAIN, RawServer, any_flood, flood, make_certificate, sends
from tiny_set import FILES, RAW, SERVED

from tinynet.datasets import transfer
from tinynet.datasets.download import Mirrors, NoMirror
from tinynet.datasets.transfer import Failure, Transfer, address, shown
from tinynet.support.settings import plain

FILE = FILES[1]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(transfer, "READ_TIMEOUT", 0.6)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def attempt(url, limit=60.0, file=FILE):
    return Transfer(url, file, limit).run(lambda done, total: None)


ROADS = {  # how a server is reached: in the clear, encrypted, through a proxy's tunnel
    "http": {},
    "https": {"certificate": True},
    "a tunnel": {"certificate": True, "tunnel": True},
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize("pause", [0.02, 0.0])
@pytest.mark.parametrize("road", ROADS)
def test_floods_and_drips_anywhere_are_ended(road, pause, certificate, monkeypatch):
    if road != "http" and certificate is None:
        pytest.skip("openssl, which makes the certificate, is not here")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    monkeypatch.setattr(transfer, "SLOWEST", 100_000)

    def seconds(number):
        start = time.monotonic()
        with pytest.raises(Failure):
            attempt(server.url(str(number)), limit=3.0)
        return time.monotonic() - start

    options = ROADS[road] and ROADS[road] | {"certificate": certificate}
    with RawServer(any_flood(pause), **options) as server:
        if "tunnel" in options:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
        with ThreadPoolExecutor(len(FLOODS)) as pool:
            took = dict(zip(FLOODS, pool.map(seconds, range(len(FLOODS))), strict=True))
    asked = {int(n) for n in re.findall(r"GET /(\d+)", " ".join(server.heads))}
    assert asked == set(range(len(FLOODS)))
    assert max(took.values()) < 10, took


@pytest.mark.parametrize("where", ["nothing", "a header's value", "headers without end"])
def test_a_proxy_that_drips_before_the_tunnel_is_ended(where, monkeypatch):
    with RawServer(flood(*FLOODS[where])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        start = time.monotonic()
        with pytest.raises(Failure):
            attempt("https://mirror.invalid/m")
        assert time.monotonic() - start < 8


def test_a_handshake_that_never_comes_is_ended():
    with RawServer(flood(b"", b"")) as server:
        start = time.monotonic()
        with pytest.raises(Failure):
            attempt(server.url().replace("http:", "https:"))
        assert time.monotonic() - start < 8


def test_the_whole_attempt_has_a_limit_however_well_a_server_feeds_it(monkeypatch):
    monkeypatch.setattr(transfer, "SLOWEST", 10)
    with RawServer(flood(PLAIN + b"\x1f\x8b", b"a" * 4)) as server:
        start = time.monotonic()
        with pytest.raises(Failure, match=r"too slow: .* bytes in 2 s"):
            attempt(server.url(), limit=2.0)
        assert time.monotonic() - start < 8


def test_a_slow_link_that_does_deliver_is_not_cut_off(monkeypatch):
    body = SERVED[f"{FILE.name}.gz"]
    monkeypatch.setattr(transfer, "SLOWEST", len(body) // 20)

    def slowly(server, line, head):
        line.sendall(OK + f"Content-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), len(body) // 20):
            line.sendall(body[start : start + len(body) // 20])
            time.sleep(0.1)  # 2 seconds in all, more than three times the patience with silence

    shows = []
    with RawServer(slowly) as server:
        _, data = Transfer(server.url(), FILE, 60.0).run(lambda *had: shows.append(had))
    assert data == RAW[FILE.name]
    assert len({done for done, _ in shows}) > 5, "progress shows"
    assert {total for _, total in shows} - {0} == {len(body)}


def test_a_redirects_body_is_never_read():
    body = SERVED[f"{FILE.name}.gz"]

    def answer(server, line, head):
        if "/elsewhere" in head:
            line.sendall(PLAIN + body)
            return
        line.sendall(b"HTTP/1.1 302 x\r\nLocation: /elsewhere\r\n\r\n")
        while not server.over.wait(0.02):  # for ever
            line.sendall(bytes(1 << 16))

    with RawServer(answer) as server:
        assert attempt(server.url())[1] == RAW[FILE.name]


def test_a_file_is_unpacked_once():
    twice = gzip.compress(gzip.compress(RAW[FILE.name]))
    with (
        RawServer(sends(PLAIN, twice)) as server,
        pytest.raises(Failure, match="still gzip-compressed after unpacking it once"),
    ):
        attempt(server.url())


def test_gzip_in_gzip_takes_no_memory():
    import tracemalloc

    inner = gzip.compress(struct.pack(">HBBI", 0, 8, 1, 1 << 28) + bytes(1 << 26), 9)
    with RawServer(sends(PLAIN, gzip.compress(inner, 9))) as server:
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

    with RawServer(sends(PLAIN, SERVED[f"{FILE.name}.gz"])) as one, RawServer(one.answer) as two:
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
    def answer(server, line, head):  # it gives back what it was told, as some servers do
        head = head.replace("\r\n", " ")
        line.sendall(f"HTTP/1.1 403 {head}\r\nLocation: {head}\r\n\r\n{head}".encode())

    with RawServer(answer) as server, pytest.raises(NoMirror) as error:
        Mirrors([form.format(port=server.port)], True).fetch(FILE)
    text = str(error.value) + repr(error.value.reasons) + capsys.readouterr().out
    for secret in ("S3CRET", "S3%43RET", "YW5uYTpTM0NSRVQ"):  # the last is what HTTP makes of it
        assert secret not in text


def test_a_password_in_a_redirect_is_in_no_message():
    def answer(server, line, head):
        line.sendall(b"HTTP/1.1 302 x\r\nLocation: http://anna:S3CRET@127.0.0.1:9/x\r\n\r\n")

    with RawServer(answer) as server, pytest.raises(Failure) as error:
        attempt(server.url())
    assert "S3CRET" not in str(error.value)


def test_a_password_in_a_proxys_address_is_in_no_message(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://anna:S3CRET@127.0.0.1:9")
    with pytest.raises(Failure) as error:
        attempt("http://mirror.invalid/m")
    assert "S3CRET" not in str(error.value)


def test_a_proxy_is_taken_as_requests_takes_it(monkeypatch):
    with RawServer(sends(PLAIN, SERVED[f"{FILE.name}.gz"])) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.port}")  # without http://
        assert attempt("http://mirror.invalid/m")[1] == RAW[FILE.name]
        assert proxy.heads[0].startswith("GET http://mirror.invalid/m ")


def test_what_a_server_says_is_short_and_printable():
    nasty = "\x1b]0;owned\x07" + "a" * 100_000
    answer = f"HTTP/1.1 302 x\r\nLocation: ftp://{nasty}/\r\n\r\n".encode()
    with RawServer(sends(answer)) as server, pytest.raises(Failure) as error:
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
    with RawServer(flood(PLAIN + b"\x1f\x8b", b"a")) as server:
        with pytest.raises(Failure):
            attempt(server.url())
        deadline = time.monotonic() + 5
        names = ["waiting"]
        while names and time.monotonic() < deadline:
            names = [t.name for t in threading.enumerate() if "_work" in t.name]
            time.sleep(0.05)
    assert not names
    assert threading.active_count() <= before + 3
