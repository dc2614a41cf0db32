"""Fetch a file from mirrors, each of which may fail in every way there is.

A mirror that fails is left for the next one.  Those that may work later (too many requests,
a server's own error, a broken connection) are tried again after a pause; one that cannot be
reached at all is not tried a second time.  A file stays in memory until it is verified, so
nothing bad is ever written, and certificate checks are never switched off.
"""

import email.utils
import http.client
import random
import socket
import sys
import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tinynet.datasets.datafile import DataFile
from tinynet.idx import GZIP, IdxError

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT = 3.0  # seconds to find a host and connect to it, all its addresses together
READ_TIMEOUT = 15.0  # seconds without a single byte
SLOWEST = 2000  # bytes a second on average, once READ_TIMEOUT has passed
PAUSES = (1.0, 4.0)  # seconds before the second and the third round over the mirrors
LONGEST_PAUSE = 30.0  # the longest a server's Retry-After is obeyed
MOST_REDIRECTS = 5
TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
CHUNK = 1 << 16


class DownloadError(OSError):
    """The data are not on this machine and could not be fetched; says what to do about it."""


class NoMirror(Exception):
    """No mirror gave the file.  Fields: reasons, from the address to what went wrong."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


class _Failure(Exception):
    """One attempt failed.  Fields: pause, seconds after which another may go well, or None."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        # Part of it comes from the server: no control codes, no novels.
        super().__init__("".join(c if c.isprintable() else "?" for c in reason[:300]))
        self.pause = pause


class Mirrors:
    """The folders a set can be fetched from.

    Args:
        mirrors: addresses of folders that hold the files, in the order to try them.
        progress: print what is going on.
    """

    def __init__(self, mirrors: Sequence[str], progress: bool) -> None:
        import requests  # not needed by those who have the files

        self.mirrors = mirrors
        self.session = requests.Session()
        # A body that the server compresses once more would be a nuisance.
        self.session.headers.update({"Accept-Encoding": "identity", "User-Agent": "tinynet"})
        self.hosts: dict[str, str | None] = {}  # to why it can't be reached; None if it can
        self.progress = progress
        self.terminal = progress and sys.stdout is not None and sys.stdout.isatty()
        self.drawn = 0.0  # when the unfinished line on the terminal was drawn; 0 if there is none

    def close(self) -> None:
        """Close the connections, and the line on the terminal if there is one."""
        if self.drawn:
            self.say("")
        self.session.close()

    def fetch(self, file: DataFile) -> tuple[bytes, bytes]:
        """Return a good copy of a file as it came, and unpacked; NoMirror if there is none."""
        reasons: dict[str, str] = {}
        urls = [file.address(mirror) for mirror in self.mirrors]
        for pause in (*PAUSES, None):
            pauses = {}
            for url in urls:
                self.say(f"Downloading {url}")
                try:
                    return self._attempt(url, file)
                except _Failure as failure:
                    reasons[url] = str(failure)
                    self.say(f"  {failure}")
                    if failure.pause is not None:
                        pauses[url] = failure.pause
            if not pauses or pause is None:
                break
            urls = list(pauses)
            # A whole class starts at the same moment: let them not return at the same moment.
            seconds = max(pause * random.uniform(1, 2), *pauses.values())
            self.say(f"  trying again in {seconds:.0f} s")
            time.sleep(seconds)
        raise NoMirror(reasons)

    def _attempt(self, url: str, file: DataFile) -> tuple[bytes, bytes]:
        """Fetch a file from one address, verified, or raise _Failure."""
        import requests
        from urllib3.exceptions import HTTPError, ReadTimeoutError  # requests lets these by

        try:
            with self._open(url) as response:
                copy = self._read(response, file)
            return copy, file.unpack(copy)
        except IdxError as error:
            raise _Failure(f"sent something else: {error}") from None
        except requests.exceptions.SSLError as error:
            raise _Failure(
                f"its certificate was not accepted ({_cause(error)}); where the network has a "
                f"certificate of its own, set REQUESTS_CA_BUNDLE to the file that holds it"
            ) from None
        except requests.exceptions.ProxyError as error:
            raise _Failure(f"the proxy named in HTTPS_PROXY failed: {_cause(error)}") from None
        except (requests.exceptions.Timeout, ReadTimeoutError):
            raise _Failure("stalled: connected, but sent nothing for too long") from None
        except (requests.exceptions.ConnectionError, HTTPError) as error:
            raise _Failure(f"the connection broke: {_cause(error)}", pause=0) from None
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            raise _Failure(f"{_cause(error)}") from None

    def _open(self, url: str) -> "requests.Response":
        """Ask for an address, following redirects, and return the reply, its body unread."""
        for _ in range(MOST_REDIRECTS + 1):
            self._reach(url)
            response = self.session.get(
                url, stream=True, allow_redirects=False, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)
            )
            if not response.is_redirect:
                _check_status(response)
                return response
            response.close()
            target = urljoin(url, response.headers["Location"])
            if url.startswith("https:") and not target.startswith("https:"):
                raise _Failure(f"redirects from https to {target!r}, which is not safe: refused")
            url = target
        raise _Failure(f"more than {MOST_REDIRECTS} redirects")

    def _reach(self, url: str) -> None:
        """Make sure, in bounded time, that somebody is there to connect to."""
        host = urlsplit(url).netloc
        if host not in self.hosts:
            self.hosts[host] = _why_unreachable(url)
        if reason := self.hosts[host]:
            raise _Failure(f"could not be reached: {reason}")

    def _read(self, response: "requests.Response", file: DataFile) -> bytes:
        """Read the body, but no more of it and no longer than the file can take."""
        # read1 gives what has come, read waits for a whole chunk; old urllib3 has read only.
        read = getattr(response.raw, "read1", response.raw.read)
        total = int(response.headers.get("Content-Length") or 0)
        if total > file.longest:
            raise _Failure(f"announces {total:,} bytes; expected at most {file.longest:,}")
        copy = bytearray()
        start = time.monotonic()
        while chunk := read(CHUNK, decode_content=True):
            copy += chunk
            if len(copy) > file.longest:
                raise _Failure(f"sent more than {file.longest:,} bytes: too long for this file")
            if len(copy) > 1 and not copy.startswith((GZIP, b"\0\0")):
                break  # a page of HTML, say, which may be endless
            seconds = time.monotonic() - start
            if seconds > READ_TIMEOUT and len(copy) < seconds * SLOWEST:
                raise _Failure(f"too slow: {len(copy):,} bytes in {seconds:.0f} s")
            self._draw(len(copy), total)
        return bytes(copy)

    def say(self, line: str) -> None:
        """Print a line."""
        if self.progress:
            print("\n" + line if self.drawn else line, flush=True)
            self.drawn = 0.0

    def _draw(self, done: int, total: int) -> None:
        """Draw how much has come, over what was drawn before, if it is a terminal."""
        now = time.monotonic()
        if self.terminal and (now - self.drawn > 0.1 or done == total):
            of_total = f" of {total / 1e6:.1f}" if total else ""
            print(f"\r  {done / 1e6:.1f}{of_total} MB", end="", flush=True)
            self.drawn = now


def _why_unreachable(url: str) -> str | None:
    """Connect to the host of an address, or to its proxy, and say why it fails; None if not.

    requests gives each address of a host its own time and has no limit for finding them, so
    that a network that swallows everything would keep a user waiting for a minute.
    """
    from requests.utils import get_environ_proxies, select_proxy

    target = urlsplit(select_proxy(url, get_environ_proxies(url)) or url)
    if not target.hostname:
        return "an address must begin with https:// and the name of a host"
    address = target.hostname, target.port or (443 if target.scheme == "https" else 80)
    outcome: SimpleQueue[str | None] = SimpleQueue()

    def connect() -> None:
        try:
            socket.create_connection(address, CONNECT_TIMEOUT / 2).close()
            outcome.put(None)
        except socket.gaierror:
            outcome.put(f"there is no host {address[0]}, or no network")
        except (OSError, UnicodeError) as error:
            outcome.put(f"{address[0]}: {getattr(error, 'strerror', None) or error}")

    threading.Thread(target=connect, daemon=True).start()
    try:
        return outcome.get(timeout=CONNECT_TIMEOUT)
    except Empty:
        return f"no answer from {address[0]} within {CONNECT_TIMEOUT:g} s"


def _check_status(response: "requests.Response") -> None:
    """Raise _Failure unless the reply is 200 OK."""
    status = response.status_code
    if status == 200:
        return
    reason = f"HTTP {status} {http.client.responses.get(status, '')}".rstrip()
    if status not in TEMPORARY:
        raise _Failure(reason)
    pause = _seconds(response.headers.get("Retry-After", "0"))
    if pause > LONGEST_PAUSE:
        raise _Failure(f"{reason}, and asks to wait for {pause:,.0f} s")
    raise _Failure(reason, pause)


def _seconds(retry_after: str) -> float:
    """Read a Retry-After header, a number of seconds or a date; 0 if it is neither."""
    try:
        if retry_after.strip().isdecimal():
            return float(retry_after)
        return email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0.0


def _cause(error: BaseException) -> BaseException:
    """Dig out the error at the bottom, which says most in the fewest words."""
    inner = [e for e in (getattr(error, "reason", None), *error.args) if isinstance(e, Exception)]
    return _cause(inner[-1]) if inner else error
