#!/usr/bin/env python3
"""Makes the files that docker-compose.yml gives to the containers as secrets: python3 deploy/make_secrets.py

What is there already is kept, so that a second run changes nothing. Standard library only.
"""

import secrets
import sys
from pathlib import Path
from urllib.parse import quote

FOLDER = Path(__file__).resolve().parent.parent / "secrets"


def make(folder: Path) -> list[str]:
    """Writes what is missing; returns the names of what it wrote."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)  # nobody else on this machine gets in; hence the files themselves may be readable,
    made: list[str] = []  # which they have to be for the container's user

    def keep(name: str, text: str) -> str:
        path = folder / name
        if not path.exists():
            path.write_text(text + "\n")
            path.chmod(0o444)
            made.append(name)
        return path.read_text().strip()

    keep("secret_key", secrets.token_urlsafe(64))
    keep("encryption_keys", secrets.token_urlsafe(48))
    keep("metrics_token", secrets.token_urlsafe(32))
    password = keep("postgres_password", secrets.token_urlsafe(32))
    keep("database_url", f"postgres://connex:{quote(password, safe='')}@db:5432/connex")
    config = keep("valkey_conf", f"requirepass {secrets.token_urlsafe(32)}")
    keep("redis_url", f"redis://:{quote(config.split()[1], safe='')}@queue:6379/0")
    return made


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    made = make(folder)
    print(f"{folder}: " + (f"made {', '.join(made)}" if made else "all there, nothing changed"))
    print("Keep a copy of this folder apart from the backups: what is encrypted is lost without it.")
