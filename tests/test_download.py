"""Downloads from mirrors that fail in every way: verified data, or one message and the cure."""

import io
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from misbehaving_server import BAD, BEHAVIOURS, GOOD, Server, status
from tiny_set import FILES, SERVED, is_right, tiny

from tinynet.datasets import DownloadError, download, transfer
from tinynet.datasets.download import Mirrors, NoMirror

SLOW = {"stall", "mute", "drip"}  # those that take a READ_TIMEOUT to be given up
PROMPT = [name for name in BAD if name not in SLOW]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for milliseconds where users wait for seconds, and use no proxy."""
    monkeypatch.setattr(transfer, "READ_TIMEOUT", 8.0)  # a busy machine is slow, but not silent
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.02))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def short_timeout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a short time only where silence is what the test is about."""
    if request.getfixturevalue("behaviour") in SLOW:
        monkeypatch.setattr(transfer, "READ_TIMEOUT", 1.0)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(SERVED) as server:
        yield server


def closed_port() -> int:
    """Give a port at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


# One mirror after the other


@pytest.mark.parametrize("behaviour", GOOD)
def test_a_mirror_that_works_in_its_own_way_will_do(
    behaviour: str, server: Server, tmp_path: Path
) -> None:
    dataset = tiny(server.address(behaviour))
    assert is_right(dataset.load(tmp_path, progress=False))
    assert len(os.listdir(tmp_path)) == 4
    assert is_right(dataset.load(tmp_path, offline=True))


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("behaviour", BAD)
def test_a_mirror_that_fails_is_left_for_the_next(
    behaviour: str, server: Server, tmp_path: Path
) -> None:
    for name in list(SERVED)[1:]:  # one file is enough to be missing
        (tmp_path / name).write_bytes(SERVED[name])
    dataset = tiny(server.address(behaviour), server.address("good"))
    assert is_right(dataset.load(tmp_path, progress=False))
    assert sorted(os.listdir(tmp_path)) == sorted(SERVED)


@pytest.mark.usefixtures("short_timeout")
@pytest.mark.parametrize("behaviour", BAD)
def test_a_mirror_that_fails_with_no_other_gives_a_reason_and_leaves_nothing(
    behaviour: str, server: Server, tmp_path: Path
) -> None:
    address = server.address(behaviour)
    start = time.monotonic()
    with pytest.raises(DownloadError) as error:
        tiny(address).load(tmp_path / "cache", progress=False)
    lines = [line.strip() for line in str(error.value).splitlines()]
    reason = lines[lines.index(f"{address}/{FILES[0].name}.gz") + 1]
    assert BAD[behaviour][1] in reason
    assert reason.isprintable()
    assert os.listdir(tmp_path) == []
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("first", PROMPT)
def test_after_any_two_failures_the_third_mirror_is_tried(first: str, server: Server) -> None:
    for second in PROMPT:
        names = [first, second, "good"]
        mirrors = Mirrors([server.address(name) for name in names], progress=False)
        assert mirrors.fetch(FILES[1])[1]


@pytest.mark.parametrize("seed", range(3))
def test_a_good_mirror_is_found_among_all_bad_ones_in_any_order(seed: int, server: Server) -> None:
    names = [*PROMPT, "good"]
    random.Random(seed).shuffle(names)
    mirrors = Mirrors([server.address(name) for name in names], progress=False)
    server.requests.clear()
    assert mirrors.fetch(FILES[0])[1]
    assert server.requests[-1].startswith("/good/")


def test_where_all_fail_the_message_names_each_address_the_folder_and_the_cure(
    server: Server, tmp_path: Path
) -> None:
    dataset = tiny(*(server.address(name) for name in PROMPT))
    folder = tmp_path / "a folder, größer"
    with pytest.raises(DownloadError) as error:
        dataset.load(folder, progress=False)
    message = str(error.value)
    for name in PROMPT:
        assert f"{server.address(name)}/{FILES[0].name}.gz\n" in message
        assert BAD[name][1] in message
    assert str(folder) in message
    for name in SERVED:
        assert f"{dataset.mirrors[0]}/{name}" in message
    for cure in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "by hand", "load_data(cache_dir="):
        assert cure in message
    assert "verify" not in message
    assert os.listdir(tmp_path) == []


def test_a_mirror_may_be_given_as_one_string(server: Server, tmp_path: Path) -> None:
    assert is_right(tiny().load(tmp_path, mirrors=server.address("good") + "/", progress=False))


@pytest.mark.parametrize(
    "address",
    [
        "no address",
        "ftp://127.0.0.1/x",
        "http://",
        "http://[",
        "http://x:y",
        f"http://{'a' * 99}.invalid",
        "",
    ],
)
def test_an_address_that_is_none_fails_like_a_mirror(address: str) -> None:
    with pytest.raises(NoMirror):
        Mirrors([address], progress=False).fetch(FILES[0])


# Patience


def test_a_lasting_refusal_is_not_tried_again(server: Server) -> None:
    for name in ("http-403", "http-404", "html", "wrong-bytes", "http-429-hour"):
        server.requests.clear()
        with pytest.raises(NoMirror):
            Mirrors([server.address(name)], progress=False).fetch(FILES[0])
        assert len(server.requests) == 1, name


def test_a_passing_trouble_is_tried_three_times(server: Server) -> None:
    for name in ("http-429", "http-500", "http-503", "reset", "cut-in-the-middle"):
        server.requests.clear()
        with pytest.raises(NoMirror):
            Mirrors([server.address(name)], progress=False).fetch(FILES[0])
        assert len(server.requests) == 3, name


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed(form: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_at: list[float] = []

    def busy_at_first(handler: object, body: bytes) -> None:
        asked_at.append(time.monotonic())
        wait = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
        answer = status(429, Retry_After=wait) if len(asked_at) == 1 else GOOD["good"]
        answer(handler, body)  # type: ignore[arg-type]

    monkeypatch.setitem(BEHAVIOURS, "busy", busy_at_first)
    Mirrors([server.address("busy")], progress=False).fetch(FILES[0])
    assert 0.9 < asked_at[1] - asked_at[0] < 10


def test_a_busy_mirror_is_no_reason_to_wait_where_another_works(server: Server) -> None:
    server.requests.clear()
    start = time.monotonic()
    names = ["http-429-hour", "good"]
    Mirrors([server.address(name) for name in names], progress=False).fetch(FILES[0])
    assert time.monotonic() - start < 20


def test_a_class_that_starts_together_does_not_return_together(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    for _ in range(10):
        with pytest.raises(NoMirror):
            Mirrors([server.address("http-503")], progress=False).fetch(FILES[0])
    assert len(waits) == 20
    assert len({round(wait, 4) for wait in waits}) > 10


def test_an_endless_body_is_stopped_at_the_size_of_the_file(server: Server) -> None:
    with pytest.raises(NoMirror) as error:
        Mirrors([server.address("endless")], progress=False).fetch(FILES[0])
    assert f"sent more than {FILES[0].longest:,} bytes" in str(error.value)


# Hosts that cannot be reached


def test_a_refused_connection_is_tried_once_for_all_four_files(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = f"http://127.0.0.1:{closed_port()}/mnist"
    assert is_right(tiny(dead, server.address("good")).load(tmp_path))
    output = capsys.readouterr().out
    # Found out once: the mirror that works is asked first for the other files.
    assert output.count("could not be reached: 127.0.0.1: Connection refused") == 1


def test_an_unknown_host_gives_a_reason_in_words() -> None:
    with pytest.raises(NoMirror) as error:
        Mirrors(["https://mirror.invalid/mnist"], progress=False).fetch(FILES[0])
    (reason,) = error.value.reasons.values()
    assert reason == "could not be reached: there is no host mirror.invalid, or no network"


def test_a_network_that_swallows_everything_is_given_up_in_seconds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(transfer, "CONNECT_TIMEOUT", 0.5)
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        address = hole.getsockname()
        # A full queue of connections: the next ones get no answer at all.
        queue = [socket.socket() for _ in range(4)]
        for waiting in queue:
            waiting.setblocking(False)
            waiting.connect_ex(address)
        start = time.monotonic()
        with pytest.raises(DownloadError, match="could not be reached"):
            tiny(f"http://127.0.0.1:{address[1]}/mnist").load(tmp_path, progress=False)
        assert time.monotonic() - start < 5
        for waiting in queue:
            waiting.close()


def test_a_name_server_that_never_answers_is_given_up_in_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transfer, "CONNECT_TIMEOUT", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(6) or [])
    start = time.monotonic()
    with pytest.raises(NoMirror) as error:
        Mirrors(["https://mirror.invalid/mnist"], progress=False).fetch(FILES[0])
    assert time.monotonic() - start < 4
    assert "no answer from mirror.invalid within 0.3 s" in str(error.value)


def test_the_default_patience_keeps_two_dead_mirrors_under_ten_seconds() -> None:
    import importlib

    source = importlib.util.find_spec("tinynet.datasets.transfer")
    assert source is not None
    fresh = importlib.util.module_from_spec(source)
    assert source.loader is not None
    source.loader.exec_module(fresh)
    assert 2 * fresh.CONNECT_TIMEOUT < 8


# Proxies and certificates


def test_a_proxy_is_used_where_the_host_itself_cannot_be_reached(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.address(""))
    server.requests.clear()
    assert Mirrors(["http://mirror.invalid/good"], progress=False).fetch(FILES[0])
    assert server.requests == [f"http://mirror.invalid/good/{FILES[0].name}.gz"]


def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(
        NoMirror, match=r"could not be reached: the proxy 127\.0\.0\.1: Connection refused"
    ):
        Mirrors(["https://mirror.invalid/good"], progress=False).fetch(FILES[0])


def test_a_proxy_that_refuses_is_blamed_by_its_variable(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.address(""))  # it knows no CONNECT
    with pytest.raises(NoMirror, match="the proxy named in HTTPS_PROXY failed"):
        Mirrors(["https://mirror.invalid/good"], progress=False).fetch(FILES[0])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that 127.0.0.1 has signed for itself, with its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem "
        "&& cat key.pem cert.pem > server.pem",
        shell=True,
        cwd=path.parent,
        check=True,
        capture_output=True,
    )
    return path


def test_an_unknown_certificate_is_refused_and_the_cure_named(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with Server(SERVED, certificate) as server:
        with pytest.raises(NoMirror, match=r"certificate was not accepted .*REQUESTS_CA_BUNDLE"):
            Mirrors([server.address("good")], progress=False).fetch(FILES[0])
        assert server.requests == []

        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))  # the cure works
        assert Mirrors([server.address("good")], progress=False).fetch(FILES[0])


def test_a_redirect_from_https_to_http_is_refused_before_it_is_followed(
    certificate: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Server(SERVED, certificate) as secure:
        monkeypatch.setitem(
            BEHAVIOURS,
            "to-http",
            lambda h, _: h.reply(302, b"", Location=f"{server.address('good')}/x"),
        )
        server.requests.clear()
        with pytest.raises(NoMirror, match=r"redirects from https to .* not safe"):
            Mirrors([secure.address("to-http")], progress=False).fetch(FILES[0])
        assert server.requests == []
        assert Mirrors([secure.address("redirect")], progress=False).fetch(FILES[0])


# What is printed


def test_where_the_output_is_no_terminal_there_is_one_line_a_file(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny(server.address("good")).load(tmp_path)
    output, errors = capsys.readouterr()
    address = server.address("good")
    assert output.splitlines() == [f"Downloading {address}/{file.name}.gz" for file in FILES]
    assert errors == ""


def test_on_a_terminal_the_progress_is_redrawn_and_the_line_is_ended(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    mirrors = Mirrors([server.address("good")], progress=True)
    mirrors.fetch(FILES[0])
    mirrors.fetch(FILES[1])
    mirrors.close()
    lines = screen.getvalue().split("\n")
    assert [line.rpartition("\r")[2] for line in lines[:4]] == [
        f"Downloading {server.address('good')}/{FILES[0].name}.gz",
        "  0.0 of 0.0 MB",
        f"Downloading {server.address('good')}/{FILES[1].name}.gz",
        "  0.0 of 0.0 MB",
    ]
    assert lines[4:] == ["", ""]


def test_progress_false_prints_nothing(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny(server.address("http-404"), server.address("good")).load(tmp_path, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_program_without_an_output_is_no_trouble(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert is_right(tiny(server.address("good")).load(tmp_path))
