"""A published data set: its files are verified when they are read, and fetched when missing."""

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tinynet.datasets.datafile import DataFile, OtherContents
from tinynet.datasets.download import DownloadError, Mirrors, NoMirror
from tinynet.datasets.folder import Pair, spellings
from tinynet.idx import GZIP, IdxError, parse_idx
from tinynet.support.files import replacing

HELP = """
What to do:
  On a network with a proxy, set HTTPS_PROXY=http://its-name:its-port.  Where the network has a
  certificate of its own, set REQUESTS_CA_BUNDLE to the file that holds it.
  Or bring the files by hand.  Fetch them on any machine, with a browser for example,
{urls}
  and put them, compressed or not, into
    {folder}
  They are found there, and nothing needs the network any more.
  If they are in another folder already: load_data(cache_dir="that folder").
  Or go on with the 10,000 digits that came with tinynet, where no network is needed:
    from tinynet.datasets import mnist_10k; mnist_10k.load_data()"""


@dataclass
class Copies:
    """What a machine holds of one file.

    Fields:
        path: the good copy, or None.
        data: its bytes, unpacked.
        bad: the copies that are not good, and why.
    """

    path: Path | None = None
    data: bytes = b""
    bad: dict[Path, Exception] = field(default_factory=dict)


@dataclass(frozen=True)
class DataSet:
    """A published set.

    Fields:
        name: of its folder, for the files of all sets have the same names.
        title: for people.
        mirrors: addresses of folders that hold the files, in the order to try them.
        files: training images and labels, test images and labels.
        system_folder: where the system's packages put the files, if they do.
    """

    name: str
    title: str
    mirrors: tuple[str, ...]
    files: tuple[DataFile, ...]
    system_folder: Path | None = None

    def folder(self, cache_dir: str | os.PathLike[str] | None = None) -> Path:
        """Say where the files of this set belong."""
        if cache_dir is not None:
            return Path(cache_dir).expanduser().absolute()
        if home := os.environ.get("TINYNET_HOME"):
            return Path(home).expanduser().absolute() / self.name
        return _user_cache() / "tinynet" / self.name

    def find(self, file: DataFile, folder: Path) -> Copies:
        """Look for a good copy of a file, in the folder and where the system may keep it."""
        copies = Copies()
        for place in filter(None, (folder, self.system_folder)):
            for path in spellings(place, file.name):
                try:
                    with open(path, "rb") as opened:
                        copies.data = file.unpack(opened.read(file.longest + 1))
                    copies.path = path
                    return copies
                except (OSError, IdxError) as error:
                    copies.bad[path] = error
        return copies

    def load(
        self,
        cache_dir: str | os.PathLike[str] | None = None,
        mirrors: Sequence[str] | str | None = None,
        offline: bool = False,
        progress: bool = True,
    ) -> tuple[Pair, Pair]:
        """Load the set, fetching what is missing; `mnist.load_data` explains the arguments."""
        folder = self.folder(cache_dir)
        copies = {file: self.find(file, folder) for file in self.files}
        if any(not copy.path for copy in copies.values()):
            if offline:
                raise DownloadError(self._explain("offline=True", folder, copies, {}))
            mirrors = [mirrors] if isinstance(mirrors, str) else mirrors or self.mirrors
            self._fetch(copies, folder, mirrors, progress)
        arrays = [parse_idx(copy.data) for copy in copies.values()]
        return (arrays[0], arrays[1]), (arrays[2], arrays[3])

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
                    found.path = _keep(packed, file, found, folder)
                except OSError as error:
                    not_kept = error
        if not_kept:
            warnings.warn(
                f"{self.title} is loaded, but could not be kept in {folder} ({not_kept}), so "
                f"it will be fetched again next time.  Make room, or choose a folder you may "
                f"write to: load_data(cache_dir=...) or the environment variable TINYNET_HOME.",
                stacklevel=4,
            )

    def _explain(
        self, why: str, folder: Path, copies: dict[DataFile, Copies], reasons: dict[str, str]
    ) -> str:
        """Say what is missing, what was tried, and what to do."""
        lines = [f"{self.title} is not complete, and {why}."]
        missing = [file for file in self.files if not copies[file].path]
        for file in missing:
            for path, error in copies[file].bad.items():
                lines.append(f"  {path} is not good, delete it: {error}")
        for url, reason in reasons.items():
            lines += [f"  {url}", f"      {reason}"]
        urls = "\n".join(f"    {file.address(self.mirrors[0])}" for file in missing)
        return "\n".join(lines) + HELP.format(urls=urls, folder=folder)


def _keep(packed: bytes, file: DataFile, found: Copies, folder: Path) -> Path:
    """Write a good copy into the folder, where it takes the place of the bad ones."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = [(path, error) for path, error in found.bad.items() if path.parent == folder]
    for path, error in ours:
        if isinstance(error, OtherContents):  # it may be somebody's work: give it another name
            with suppress(FileExistsError, FileNotFoundError):  # another process was faster
                os.link(path, f"{path}.other")
    kept = folder / (file.name + (".gz" if packed.startswith(GZIP) else ""))
    with replacing(kept) as opened:
        opened.write(packed)
    for path, error in ours:
        if isinstance(error, IdxError) and path != kept:
            path.unlink(missing_ok=True)
    return kept


def _user_cache() -> Path:
    """Give the folder in which this system keeps what programs can fetch again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
