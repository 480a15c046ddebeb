"""The file: an ordinary tar with the dump, the manifest and their sums, so that it can be opened without us.

database.dump  pg_dump's custom format
manifest.json  see manifest.py
secrets.env    only where asked for
SHA256SUMS     of all of these, as `sha256sum -c` reads it
"""

import fcntl
import hashlib
import itertools
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from connexcs_admin.backups import BackupError, Refused
from connexcs_admin.backups.manifest import Manifest

DUMP, MANIFEST, SECRETS, SUMS = "database.dump", "manifest.json", "secrets.env", "SHA256SUMS"
PATTERN = "connex-*.tar"
_CHUNK = 1024 * 1024


class Writer:
    """Puts parts into an open file, one after the other, and at last their sums."""

    def __init__(self, file: IO[bytes], at: datetime) -> None:
        self.file = file
        self.at = at
        self.sums: dict[str, str] = {}

    def add_stream(self, name: str, source: IO[bytes], progress: Callable[[int], None]) -> None:
        """A part whose length is known at its end only: its header is written last, in a gap left for it."""
        begin = self.file.tell()
        self.file.write(bytes(tarfile.BLOCKSIZE))
        seen, size = hashlib.sha256(), 0
        while chunk := source.read(_CHUNK):
            self.file.write(chunk)
            seen.update(chunk)
            size += len(chunk)
            progress(size)
        self._pad(size)
        end = self.file.tell()
        self.file.seek(begin)
        self.file.write(self._header(name, size))
        self.file.seek(end)
        self.sums[name] = seen.hexdigest()

    def add(self, name: str, content: bytes) -> None:
        self.file.write(self._header(name, len(content)))
        self.file.write(content)
        self._pad(len(content))
        self.sums[name] = hashlib.sha256(content).hexdigest()

    def end(self) -> None:
        self.add(SUMS, "".join(f"{digest}  {name}\n" for name, digest in self.sums.items()).encode())
        self.file.write(bytes(2 * tarfile.BLOCKSIZE))

    def _header(self, name: str, size: int) -> bytes:
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = size, int(self.at.timestamp()), 0o600
        return member.tobuf(tarfile.GNU_FORMAT)  # one block, whatever the size

    def _pad(self, size: int) -> None:
        self.file.write(bytes(-size % tarfile.BLOCKSIZE))


@contextmanager
def new_file(folder: Path, at: datetime) -> Iterator[tuple[IO[bytes], Path]]:
    """An open file and the name it gets when all went well; otherwise nothing is left behind.

    Readable by its owner alone. Two at the same moment get two names.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_leftovers(folder)
        path, new, file = _open_new(folder, at)
    except OSError as error:
        raise Refused(
            f"{folder} cannot be written ({error.strerror}). Name a folder of yours: "
            "manage.py backup /srv/backups"
        ) from error
    try:
        with file:
            yield file, path
            file.flush()
            os.fsync(file.fileno())
            new.rename(path)
        _sync_folder(folder)
    finally:
        new.unlink(missing_ok=True)


def _open_new(folder: Path, at: datetime) -> tuple[Path, Path, IO[bytes]]:
    """The final path, the path for now, and the open and locked file there."""
    for number in itertools.count(1):
        path = folder / f"connex-{at:%Y%m%d-%H%M%S}{f'-{number}' if number > 1 else ''}.tar"
        new = path.with_name(f".{path.name}.new")
        if path.exists():
            continue
        try:
            file = os.fdopen(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
        except FileExistsError:
            continue
        fcntl.flock(file, fcntl.LOCK_EX)
        if new.exists():  # nobody took it for a leftover before it was locked
            return path, new, file
        file.close()
    raise AssertionError("numbers do not end")


def _remove_leftovers(folder: Path) -> None:
    """Half-written files of backups that were killed: their lock is gone."""
    for path in folder.glob(f".{PATTERN}.new"):
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rotate(folder: Path, keep: int) -> list[Path]:
    """Removes all but the `keep` newest backups in `folder`; returns those that are gone."""
    old = sorted(folder.glob(PATTERN), key=lambda path: path.stat().st_mtime_ns, reverse=True)[keep:]
    for path in old:
        path.unlink(missing_ok=True)
    return old


class Archive:
    """A backup to read. Opening it checks every part against its sum, so that nothing is begun in vain.

    Raises Refused where it is damaged, cut short or no backup of ours.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise Refused(f"{path} cannot be read ({error.strerror}). Name a backup file.") from error
        try:
            self._tar = tarfile.open(fileobj=self._file, mode="r:")  # noqa: SIM115 - open as long as we are
            self._members = {member.name: member for member in self._tar}
            self._check()
            self.manifest = Manifest.from_json(self._read(MANIFEST))
        except (tarfile.TarError, OSError) as error:
            self.close()
            raise Refused(f"{path} is no backup, or is damaged ({error}). Use another one.") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def dump_bytes(self) -> int:
        return self._members[DUMP].size

    def dump(self) -> Iterator[bytes]:
        return self._chunks(DUMP)

    def _check(self) -> None:
        if not {DUMP, MANIFEST, SUMS} <= self._members.keys():
            have = ", ".join(self._members) or "nothing"
            raise Refused(
                f"{self.path} is cut short or no backup of Connex: it holds {have}, and {DUMP}, {MANIFEST} "
                f"and {SUMS} are needed. Use another one."
            )
        lines = self._read(SUMS).decode(errors="replace").splitlines()
        sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
        for name in {DUMP, MANIFEST, *sums}:
            seen = hashlib.sha256()
            if name in self._members:
                for chunk in self._chunks(name):
                    seen.update(chunk)
            if name not in self._members or seen.hexdigest() != sums.get(name):
                raise Refused(
                    f"{self.path} is damaged: {name} does not have the SHA-256 it was written with. "
                    "Use another one."
                )

    def _chunks(self, name: str) -> Iterator[bytes]:
        part = self._tar.extractfile(self._members[name])
        if part is None:
            raise Refused(f"{self.path} is damaged: {name} is no file. Use another one.")
        try:
            while chunk := part.read(_CHUNK):
                yield chunk
        except (tarfile.TarError, OSError) as error:
            raise BackupError(f"{self.path} cannot be read to its end ({error}). Use another one.") from error

    def _read(self, name: str) -> bytes:
        return b"".join(self._chunks(name))
