"""A published data set: its files are verified when they are read, and fetched when missing."""

import hashlib
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tinynet.datasets.download import DownloadError, Mirrors, NoMirror
from tinynet.datasets.folder import NAMES, Pair, spellings
from tinynet.datasets.transfer import address, shown
from tinynet.idx import GZIP, IdxError, gunzip, parse_idx
from tinynet.support import shipped
from tinynet.support.files import replacing
from tinynet.support.settings import short

HELP = """
What to do:
  On a network with a proxy, set HTTPS_PROXY=http://its-name:its-port. Where the network has a
  certificate of its own, set REQUESTS_CA_BUNDLE to the file that holds it.
  Or bring the files by hand. Fetch them on any machine, with a browser for example,
{urls}
  and put them, compressed or not, into
    {folder}
  They are found there, and nothing needs the network any more.
  If they are in another folder already: load_data(cache_dir="that folder").
{instead}"""


@dataclass(frozen=True)
class DataFile:
    """One file of a set, and how to know a good copy of it.

    Fields:
        name: as the mirrors spell it, without .gz.
        size: in bytes, unpacked.
        sha256: of the unpacked bytes, because copies go round that were compressed again.
    """

    name: str
    size: int
    sha256: str

    @property
    def longest(self) -> int:
        """How many bytes a copy may have, compressed or not: gzip adds little even to noise."""
        return self.size + (1 << 16)

    def unpack(self, copy: bytes) -> bytes:
        """Unpack a copy of this file, compressed or not; IdxError says why it is not one."""
        data = gunzip(copy, self.size + 1) if copy.startswith(GZIP) else copy
        got = hashlib.sha256(data).hexdigest()
        if got == self.sha256:
            return data
        if data.startswith(GZIP):  # what takes kilobytes may take gigabytes unpacked twice
            raise IdxError("still gzip-compressed after unpacking it once: not unpacked again")
        if len(data) > self.size and data.startswith(b"\0\0"):
            raise IdxError(f"too long: expected {self.size:,} bytes unpacked, got more")
        parse_idx(data)  # where it is not even IDX, says so
        raise IdxError(f"other contents: expected SHA-256 {self.sha256}, got {got}")


@dataclass
class Copies:
    """What a machine holds of one file.

    Fields:
        path: the good copy, or None.
        data: its bytes, unpacked.
        bad: the files that bear its name and are not good copies, and why.
        seen: which files those were, for another process may put a good one in their place.
    """

    path: Path | None = None
    data: bytes = b""
    bad: dict[Path, Exception] = field(default_factory=dict)
    seen: dict[Path, os.stat_result] = field(default_factory=dict)


@dataclass(frozen=True)
class DataSet:
    """A published set.

    Fields:
        name: of its folder, for the files of all sets have the same names.
        title: for people.
        mirrors: addresses of folders that hold the files, in the order to try them.
        files: training images and labels, test images and labels.
        instead: what else to do where they can't be fetched.
        system_folder: where the system's packages put the files, if they do.
    """

    name: str
    title: str
    mirrors: tuple[str, ...]
    files: tuple[DataFile, ...]
    instead: str = ""
    system_folder: Path | None = None

    def load(
        self,
        cache_dir: str | os.PathLike[str] | None = None,
        *,
        mirrors: Sequence[str] | str | None = None,
        offline: bool = False,
        progress: bool = True,
    ) -> tuple[Pair, Pair]:
        """Load MNIST or Fashion-MNIST, downloading it the first time (11 or 31 MB).

        Every file is verified by its SHA-256 whenever it is read. One that is not good is
        fetched anew, and what stood in its place is kept beside it, its name ending in .other.

        It ends within an hour, whatever servers and networks do. A mirror that cannot be reached
        is left for the next after 3 seconds, one that sends less than 30 kB in any 15 seconds
        after those, and no attempt to fetch a file takes longer than 20 minutes.

        Args:
            cache_dir: the folder of the four files, compressed or not, spelled -idx3 or .idx3;
                default $TINYNET_HOME/mnist (or .../fashion_mnist) if that variable is set, else
                tinynet/mnist in the user's cache folder (~/.cache, on macOS ~/Library/Caches, on
                Windows %LOCALAPPDATA%). Without either, files in data/mnist of tinynet's own
                folder are found, too. Fashion-MNIST is also found where Debian's package
                dataset-fashion-mnist puts it.
            mirrors: addresses of folders to fetch the files from, in the order to try them;
                default two public ones.
            offline: use no network, whatever is missing; default False.
            progress: print what is being fetched; default True.

        Returns:
            ((x_train, y_train), (x_test, y_test)), all uint8: images (60000, 28, 28) and
            (10000, 28, 28) from 0, the paper, to 255, the ink; labels 0 to 9, (60000,) and
            (10000,). Those of Fashion-MNIST stand for the names in `fashion_mnist.CLASSES`.

        Raises:
            DownloadError: files are missing and could not be fetched; says why, and what to do.
            TypeError: mirrors are no addresses.
            ValueError: cache_dir is the name of Keras's file, mnist.npz.

        Example:
            >>> from tinynet.datasets import mnist
            >>> (x_train, y_train), (x_test, y_test) = mnist.load_data()  # doctest: +SKIP
            >>> x_train.shape, y_train[:3]                                # doctest: +SKIP
            ((60000, 28, 28), array([5, 0, 4], dtype=uint8))

        Source: LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to
        document recognition"; Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a novel image
        dataset for benchmarking machine learning algorithms". Keras:
        keras.datasets.mnist.load_data(path), where path names a file; here cache_dir names a
        folder.
        """
        addresses = _addresses(mirrors)
        folder = self.folder(cache_dir)
        places = self.places(cache_dir)
        copies = {file: find(file, places) for file in self.files}
        if any(not copy.path for copy in copies.values()):
            if offline:
                raise DownloadError(self._explain("offline=True", folder, copies, {}))
            self._fetch(copies, folder, addresses or self.mirrors, progress)
        arrays = [parse_idx(copy.data) for copy in copies.values()]
        return (arrays[0], arrays[1]), (arrays[2], arrays[3])

    def folder(self, cache_dir: str | os.PathLike[str] | None = None) -> Path:
        """Say where the files of this set belong."""
        try:
            if cache_dir is not None:
                if os.fspath(cache_dir) == "mnist.npz":
                    raise ValueError(
                        'cache_dir names a folder of four files, got "mnist.npz", which names a '
                        "file of Keras's: leave it out: load_data()"
                    )
                return Path(cache_dir).expanduser().absolute()
            if home := os.environ.get("TINYNET_HOME"):
                return Path(home).expanduser().absolute() / self.name
            return _user_cache() / "tinynet" / self.name
        except RuntimeError as error:  # a container's user, or ~somebody
            raise DownloadError(
                f"There is no home folder to keep {self.title} in ({error}). Name a folder: "
                f'load_data(cache_dir="data/{self.name}"), or set the environment variable '
                f"TINYNET_HOME."
            ) from None

    def places(self, cache_dir: str | os.PathLike[str] | None = None) -> list[Path]:
        """Say where the files may be: where they belong, and where others may have put them."""
        places = [self.folder(cache_dir)]
        if cache_dir is None and not os.environ.get("TINYNET_HOME"):
            places += shipped.places(f"data/{self.name}")  # as the examples once did
        if self.system_folder:
            places.append(self.system_folder)
        return places

    def _fetch(
        self,
        copies: dict[DataFile, Copies],
        folder: Path,
        mirrors: Sequence[str],
        progress: bool,
    ) -> None:
        """Fetch the files of which there is no good copy, and keep them in the folder."""
        not_kept = None
        with closing(Mirrors(mirrors, progress)) as source:
            for file, found in copies.items():
                if found.path:
                    continue
                for path, error in found.bad.items():
                    source.say(f"{path} is not good: {error}")
                try:
                    packed, found.data = source.fetch(file)
                except NoMirror as error:
                    why = "no mirror gave what is missing"
                    raise DownloadError(self._explain(why, folder, copies, error.reasons)) from None
                try:
                    found.path = self._keep(packed, file, folder)
                except OSError as error:
                    not_kept = error
        if not_kept:
            warnings.warn(
                f"{self.title} is loaded, but could not be kept in {folder} ({not_kept}), so "
                f"it will be fetched again next time. Make room, or choose a folder you may "
                f"write to: load_data(cache_dir=...) or the environment variable TINYNET_HOME.",
                stacklevel=3,
            )

    def _keep(self, packed: bytes, file: DataFile, folder: Path) -> Path:
        """Write a good copy into the folder, where what is not good makes way for it."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / (file.name + (".gz" if packed.startswith(GZIP) else ""))
        now = find(file, [folder])  # a download takes a while: who knows what came meanwhile
        if now.path:
            return now.path
        for path, error in now.bad.items():
            if path == kept or (path.parent == folder and isinstance(error, IdxError)):
                _set_aside(path, now.seen.get(path))
        with replacing(kept) as opened:
            opened.write(packed)
        return kept

    def _explain(
        self, why: str, folder: Path, copies: dict[DataFile, Copies], reasons: dict[str, str]
    ) -> str:
        """Say what is missing, what was tried, and what to do."""
        lines = [f"{self.title} is not complete, and {why}."]
        missing = [file for file in self.files if not copies[file].path]
        for file in missing:
            for path, error in copies[file].bad.items():
                lines.append(f"  {path} is not good: {error}")
        for url, reason in reasons.items():
            lines += [f"  {url}", f"      {reason}"]
        addresses = [shown(address(self.mirrors[0], file.name)) for file in missing]
        urls = "\n".join(f"    {url}" for url in addresses)
        return (
            "\n".join(lines) + HELP.format(urls=urls, folder=folder, instead=self.instead).rstrip()
        )


def four_files(*sha256: str, train: int = 60_000, test: int = 10_000) -> tuple[DataFile, ...]:
    """Describe a set in MNIST's form: so many images of 28 x 28 pixels, and as many labels."""
    sizes = [size for n in (train, test) for size in (16 + n * 28 * 28, 8 + n)]
    return tuple(DataFile(*file) for file in zip(NAMES, sizes, sha256, strict=True))


def find(file: DataFile, places: Iterable[Path]) -> Copies:
    """Look for a good copy of a file in some folders."""
    copies = Copies()
    for path in (path for place in places for path in spellings(place, file.name)):
        try:
            with open(path, "rb") as opened:
                copies.seen[path] = os.fstat(opened.fileno())
                copies.data = file.unpack(opened.read(file.longest + 1))
            copies.path = path
            return copies
        except (OSError, IdxError) as error:
            copies.bad[path] = error
    return copies


def _addresses(mirrors: Sequence[str] | str | None) -> list[str]:
    """Check the addresses that a user has given."""
    if mirrors is None:
        return []
    given = (
        list(mirrors)
        if isinstance(mirrors, Iterable) and not isinstance(mirrors, str)
        else [mirrors]
    )
    if not all(isinstance(mirror, str) for mirror in given):
        raise TypeError(
            f"mirrors: expected addresses, got {short(mirrors)}. For example "
            f'load_data(mirrors=["https://my.example/mnist/"])'
        )
    return given


def _set_aside(path: Path, seen: os.stat_result | None) -> None:
    """Give a file another name, for it may be somebody's work; none is ever deleted."""
    with suppress(FileNotFoundError):  # another process was faster
        if seen is None or os.path.samestat(seen, path.stat()):  # the same
            other = path.with_name(f"{path.name}.{os.urandom(4).hex()}.other")
            path.rename(other)
            print(f"{path} is kept as {other.name}")


def _user_cache() -> Path:
    """Give the folder in which this system keeps what programs can fetch again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
