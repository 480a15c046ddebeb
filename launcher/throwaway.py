"""A database and a queue for one run of something: tests, benchmarks."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from launcher.postgres import Postgres
from launcher.processes import stop_together, wait_for
from launcher.refusal import Refusal
from launcher.valkey import Valkey


@contextmanager
def servers(folder: Path, *, durable: bool = False) -> Iterator[Mapping[str, str]]:
    """Both servers with data in `folder`, which the caller removes (or keeps for the next run).

    durable: write to disk as a real installation does; needed where speed is measured.
    Yields DATABASE_URL and REDIS_URL.
    """
    os.chmod(folder, 0o755)  # noqa: S103 - PostgreSQL may have to run as another user than root
    postgres = Postgres(
        folder / "postgres",
        password=secrets.token_urlsafe(16),
        admin_password=_kept_password(folder),
        durable=durable,
    )
    valkey = Valkey(folder / "valkey", password=secrets.token_urlsafe(16), durable=durable)
    try:
        for server in (postgres, valkey):
            server.prepare()
            server.child.start()
        for server in (postgres, valkey):
            _wait_until_ready(server)
        postgres.ensure_database()
        yield {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
    finally:
        stop_together([valkey.child, postgres.child])


def _wait_until_ready(server: Postgres | Valkey) -> None:
    wait_for(lambda: server.is_ready() or not server.child.is_running(), seconds=30)
    if not server.child.is_running() or not server.is_ready():
        words = "\n".join(server.child.last_lines)
        raise Refusal(f"{server.child.name} did not start in {server.folder}. Its last words:\n{words}")


def _kept_password(folder: Path) -> str:
    """The superuser's password of a cluster lives as long as the cluster."""
    path = folder / "admin.password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(16))
    return path.read_text()
