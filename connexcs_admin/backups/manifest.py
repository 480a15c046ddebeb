"""What a backup says of itself."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db.migrations.loader import MigrationLoader

from connexcs_admin.backups import Refused
from connexcs_admin.backups.keys import Fingerprint

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """made_at: UTC, the moment the data are of. server_major, tool_major: PostgreSQL and pg_dump.

    migrations: "app.name" of all that had been applied. tables: "schema.table" to exact rows.
    """

    made_at: datetime
    connex_version: str
    revision: str
    database: str
    server_major: int
    tool_major: int
    migrations: list[str]
    tables: dict[str, int]
    keys: list[Fingerprint] = field(default_factory=list)
    with_secrets: bool = False
    format: int = FORMAT

    def to_json(self) -> bytes:
        content = asdict(self) | {"made_at": self.made_at.isoformat()}
        return json.dumps(content, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> "Manifest":
        """Raises Refused where it is none, or one of a format this version does not know."""
        try:
            content: dict[str, Any] = json.loads(text)
            found = content["format"]
            if found == FORMAT:
                content["made_at"] = datetime.fromisoformat(content["made_at"]).astimezone(UTC)
                content["keys"] = [Fingerprint(**each) for each in content["keys"]]
                return cls(**content)
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(
                f"The backup's manifest is not understood ({error}). Use another backup."
            ) from error
        raise Refused(
            f"This backup has format {found}, and this version of Connex reads {FORMAT}. Install the version "
            "of Connex that made it, or a newer one."
        )

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    def unknown_migrations(self) -> list[str]:
        """Applied in the backup, but not part of the code here: it was made by a newer Connex."""
        return sorted(set(self.migrations) - known_migrations())

    def is_older(self) -> bool:
        return bool(known_migrations() - set(self.migrations))

    def differences(self, counted: dict[str, int]) -> list[str]:
        """One sentence for each table that does not hold the rows it should."""
        return [
            f"{table} has {counted[table]} rows, the backup counted {rows}"
            if table in counted
            else f"{table} is missing, the backup counted {rows} rows in it"
            for table, rows in self.tables.items()
            if counted.get(table) != rows
        ] + [
            f"{table} is there, although the backup does not name it"
            for table in counted.keys() - self.tables
        ]


def known_migrations() -> set[str]:
    """ "app.name" of every migration of the code here, those that others replaced included."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {f"{app}.{name}" for app, name in loader.disk_migrations}
