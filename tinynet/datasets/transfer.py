"""One attempt to fetch a file, which ends in time whatever the server does.

A server can keep a client waiting in more places than a client can watch: while a name is looked
up, in a handshake, between the letters of a header, in a proxy's reply, a trailer, a body that
comes a byte at a time. So a thread talks to the server, and the one that called watches only what
has come and the clock. When time is up it shuts the sockets down, which ends whatever the other is
waiting for, and goes on without it.
"""

import email.utils
import http.client
import re
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit

from tinynet.idx import GZIP, IdxError, gunzip
from tinynet.support.settings import plain

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT = 3.0  # seconds to find a host and connect to it, all its addresses together
READ_TIMEOUT = 15.0  # seconds in each of which, and in the first, enough must come:
SLOWEST = 2000  # bytes a second
LONGEST_PAUSE = 30.0  # the longest a server's Retry-After is obeyed
MOST_REDIRECTS = 5
TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
CHUNK = 1 << 14
LOOK = 0.1  # seconds between two looks at the clock


class Wanted(Protocol):
    """A file to be fetched: its name, how long a copy may be, and what tells a good one."""

    @property
    def name(self) -> str: ...
    @property
    def longest(self) -> int: ...
    def unpack(self, copy: bytes) -> bytes: ...


class Failure(Exception):
    """An attempt failed. Fields: pause, seconds after which another may go well, or None."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class Transfer:
    """One attempt.

    Args:
        url: the address.
        file: what is wanted.
        limit: seconds, the most that all of it may take.
    """

    def __init__(self, url: str, file: Wanted, limit: float) -> None:
        self.url = url
        self.file = file
        self.limit = limit
        self.done: int = 0  # bytes that have come
        self.total: int = 0  # that are announced; 0 if none are
        self.connecting: tuple[str, float] | None = None  # to whom, and since when
        self.lines: list[socket.socket] = []  # every connection made
        self.over: bool = False
        self.secrets: set[str] = set()
        self.start: float = time.monotonic()
        self.mark: tuple[float, int] = (
            self.start,
            0,
        )  # when enough had come the last time, and how much it was

    def run(self, show: Callable[[int, int], None]) -> tuple[bytes, bytes]:
        """Return a good copy as it came, and unpacked; or raise Failure.

        Args:
            show: is called again and again with the bytes that have come and are announced.
        """
        outcome: SimpleQueue[tuple[bytes, bytes] | Failure] = SimpleQueue()
        threading.Thread(target=self._work, args=(outcome,), daemon=True).start()
        try:
            result = None
            while result is None:
                with suppress(Empty):
                    result = outcome.get(timeout=LOOK)
                show(self.done, self.total)
                result = result or self._too_late(time.monotonic())
        finally:
            self._cut()
        if isinstance(result, Failure):
            # Part of the reason comes from the server: no control codes, no novels, no secrets.
            raise Failure(plain(self._without_secrets(str(result))), result.pause)
        return result

    # In the thread that called

    def _too_late(self, now: float) -> Failure | None:
        """Say what has taken too long, if anything has."""
        if (connecting := self.connecting) and now - connecting[1] > CONNECT_TIMEOUT:
            return Failure(
                f"could not be reached: no answer from {connecting[0]} within {CONNECT_TIMEOUT:g} s"
            )
        if now - self.start > self.limit:
            return Failure(f"too slow: {self.done:,} bytes in {self.limit:,.0f} s")
        since, had = self.mark
        got = self.done - had
        if got >= READ_TIMEOUT * SLOWEST:
            self.mark = now, self.done
        elif now - since > READ_TIMEOUT:
            if got == 0:
                return Failure(
                    f"stalled: connected, but sent nothing of use in {now - since:.0f} s"
                )
            return Failure(f"too slow: {got:,} bytes in {now - since:.0f} s")
        return None

    def _cut(self) -> None:
        """End whatever the other thread may be waiting for."""
        self.over = True
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    # In the thread that talks to the server

    def _work(self, outcome: "SimpleQueue[tuple[bytes, bytes] | Failure]") -> None:
        """Put the two forms of a good copy into the outcome, or the failure."""
        try:
            outcome.put(self._fetch())
        except Failure as failure:
            outcome.put(failure)
        except Exception as error:  # whatever a reply makes of the code that reads it
            outcome.put(_failure(error))

    def _fetch(self) -> tuple[bytes, bytes]:
        """Ask for the file, read it and verify it."""
        with _session(self._connect) as session, self._open(session) as response:
            copy = self._read(response)
        self.mark = time.monotonic(), self.done  # verifying takes a while
        if "gzip" in response.headers.get("Content-Encoding", "") and copy.startswith(GZIP):
            inner = gunzip(copy, self.file.longest)
            if inner.startswith(GZIP):  # and not the .gz file's own compression, called so
                copy = inner
        return copy, self.file.unpack(copy)

    def _connect(self, connect: Callable[[], socket.socket], host: str) -> socket.socket:
        """Connect to a host in a way that can be cut off, before anything is said."""
        self.connecting = host, time.monotonic()
        try:
            line = connect()
        except Exception as error:
            raise Failure(f"could not be reached: {_why_unreachable(error, host)}") from None
        self.connecting = None
        line.settimeout(None)  # there is one clock, and it is not here
        self.lines.append(line.dup())  # shutting down one shuts down the other, TLS or not
        if self.over:
            self._cut()
        return line

    def _open(self, session: "requests.Session") -> "requests.Response":
        """Ask for the address, following redirects, and return the reply, its body unread."""
        url = self.url
        for _ in range(MOST_REDIRECTS + 1):
            self._check(url)
            # A host may have several addresses, of which the first may be dead.
            response = session.get(
                url, stream=True, allow_redirects=False, timeout=(CONNECT_TIMEOUT / 2, None)
            )
            if not response.is_redirect:
                _check_status(response)
                return response
            response.close()
            location = response.headers["Location"]
            self.secrets |= _secrets(location)
            target = urljoin(url, location)
            if url.startswith("https:") and not target.startswith("https:"):
                raise Failure(f"redirects from https to {shown(target)}, which is not safe")
            url = target
        raise Failure(f"more than {MOST_REDIRECTS} redirects")

    def _check(self, url: str) -> None:
        """Raise Failure unless this can be an address, and take note of what is secret in it."""
        from requests.utils import get_environ_proxies

        self.secrets |= _secrets(url)
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise Failure("an address must begin with https:// and the name of a host")
        for proxy in get_environ_proxies(url).values():
            self.secrets |= _secrets(proxy)

    def _read(self, response: "requests.Response") -> bytes:
        """Read the body as it comes, and no more of it than the file can take."""
        # read1 gives what has come, read waits for a whole chunk; old urllib3 has read only.
        read = getattr(response.raw, "read1", response.raw.read)
        length = response.headers.get("Content-Length", "")
        self.total = int(length) if re.fullmatch("[0-9]{1,18}", length) else 0
        if self.total > self.file.longest:
            raise Failure(f"announces {self.total:,} bytes; expected at most {self.file.longest:,}")
        copy = bytearray()
        while chunk := read(CHUNK, decode_content=False):
            copy += chunk
            self.done = len(copy)
            if self.done > self.file.longest:
                raise Failure(f"sent more than {self.file.longest:,} bytes: too long for this file")
            if self.done > 1 and not copy.startswith((GZIP, b"\0\0")):
                break  # a page of HTML, say, which may be endless
        return bytes(copy)

    def _without_secrets(self, text: str) -> str:
        """Leave out the secrets of all addresses seen, in every spelling."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text


def address(mirror: str, name: str) -> str:
    """Give the address of a file of this name in a mirror's folder."""
    folder, mark, query = mirror.partition("?")
    return f"{folder.rstrip('/')}/{name}.gz{mark}{query}"


def shown(url: str) -> str:
    """Give an address as it may be shown: without user, password and query."""
    scheme, _, rest = _parts(url)
    place, *more = re.split("[?#]", rest, maxsplit=1)
    return plain(scheme + place + ("?…" if more else ""), 200)


def _parts(url: str) -> tuple[str, str, str]:
    """Split an address, good or not, into its scheme, the user with the password, and the rest."""
    scheme = re.match(r"([\w+.-]*:)?[/\\]*", url)[0]  # type: ignore[index]  # it always matches
    rest = url[len(scheme) :]
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    if re.fullmatch(r"([\w.-]*|\[[\w:.]*\])(:[0-9]*)?", authority):
        return scheme, "", rest
    # A password may hold any of / ? # @, though it should not: what is before the last @ is it.
    *user, rest = re.split("(@|%40)", rest)
    return scheme, "".join(user[:-1]), rest


def _secrets(url: str) -> set[str]:
    """Collect what is secret in an address, in every spelling in which it could come back."""
    _, user, rest = _parts(url)
    query = "".join(re.split("[?#]", rest, maxsplit=1)[1:])
    values = [pair.partition("=")[2] for pair in re.split("[&;#]", query)]
    words = [
        spelling
        for word in (user, *user.split(":", 1), query, *values)
        for spelling in (word, unquote(word), quote(word, safe=""))
    ]
    words.append(b64encode(unquote(user).encode("utf-8", "replace")).decode())  # in a request
    return {word for word in words if len(word) > 2}  # shorter ones would hide half of each text


def _session(connect: Callable[[Callable[[], socket.socket], str], socket.socket]) -> Any:
    """Make a requests session whose every connection is made by `connect`."""
    import requests

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **settings: Any) -> None:
            super().init_poolmanager(*args, **settings)
            watch(self.poolmanager)

        def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **settings)
            if not known:
                watch(manager)
            return manager

    class Session(requests.Session):
        def get_redirect_target(self, resp: requests.Response) -> None:
            """Follow no redirect, not even in thought: requests would read its body first."""

    def watch(manager: Any) -> None:
        pools = manager.pool_classes_by_scheme.items()
        manager.pool_classes_by_scheme = {scheme: watched(pool) for scheme, pool in pools}

    def watched(pool: Any) -> Any:
        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            def _new_conn(self) -> socket.socket:
                proxy = "the proxy " if getattr(self, "proxy", None) else ""
                return connect(super()._new_conn, f"{proxy}{self.host}")

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})

    session = Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter())
    # A body that the server compresses once more would be a nuisance.
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "tinynet"})
    return session


def _check_status(response: "requests.Response") -> None:
    """Raise Failure unless the reply is 200 OK."""
    status = response.status_code
    if status == 200:
        return
    reason = f"HTTP {status} {http.client.responses.get(status, '')}".rstrip()
    if status not in TEMPORARY:
        raise Failure(reason)
    pause = _seconds(response.headers.get("Retry-After", "0"))
    if pause > LONGEST_PAUSE:
        raise Failure(f"{reason}, and asks to wait for {pause:,.0f} s")
    raise Failure(reason, pause)


def _seconds(retry_after: str) -> float:
    """Read a Retry-After header, a number of seconds or a date; 0 if it is neither."""
    try:
        if retry_after.strip().isdecimal():
            return float(retry_after)
        return email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0


def _failure(error: Exception) -> Failure:
    """Say in words why an attempt failed, and whether another may go well."""
    import requests
    from urllib3.exceptions import HTTPError  # requests lets these by

    if isinstance(error, IdxError):
        return Failure(f"sent something else: {error}")
    if isinstance(error, MemoryError):
        return Failure("there is too little memory for what it sent")
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(
            f"its certificate was not accepted ({_cause(error)}); where the network has a "
            f"certificate of its own, set REQUESTS_CA_BUNDLE to the file that holds it"
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return Failure(f"the proxy named in HTTPS_PROXY failed: {_cause(error)}")
    if isinstance(error, (requests.exceptions.ConnectionError, HTTPError)):
        return Failure(f"the connection broke: {_cause(error)}", pause=0)
    return Failure(f"{type(error).__name__}: {_cause(error)}")


def _why_unreachable(error: Exception, host: str) -> str:
    """Say in words why no connection was made."""
    from urllib3.exceptions import ConnectTimeoutError

    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, socket.gaierror):
        return f"there is no host {host}, or no network"
    if isinstance(cause, OSError) and cause.strerror and not isinstance(cause, TimeoutError):
        return f"{host}: {cause.strerror}"
    if isinstance(error, ConnectTimeoutError):
        return f"no answer from {host} within {CONNECT_TIMEOUT:g} s"
    return f"{host}: {cause}"


def _cause(error: BaseException) -> BaseException:
    """Dig out the error at the bottom, which says most in the fewest words."""
    inner = [e for e in (getattr(error, "reason", None), *error.args) if isinstance(e, Exception)]
    return _cause(inner[-1]) if inner else error
