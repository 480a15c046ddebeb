"""docker-compose.yml as far as we need it: what a service runs and what it is told.

For `make check` and for tests, which start the very commands of production where no Docker is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.environment import CHECKOUT

FILE = CHECKOUT / "docker-compose.yml"
SECRETS = "/run/secrets/"
# ${NAME}, ${NAME:-default}, ${NAME:?what to do}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


class Missing(Exception):
    """A variable without which Compose would not start."""


@dataclass(frozen=True)
class Compose:
    """The parsed file; `variables`: those that .env beside it, or the shell, would give."""

    content: dict[str, Any]
    variables: Mapping[str, str]

    @classmethod
    def read(cls, **variables: str) -> "Compose":
        import yaml  # not at the top: a tool, which the application does not bring

        return cls(yaml.safe_load(FILE.read_text()), variables)

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        return dict(self.content["services"])

    def command(self, service: str) -> list[str]:
        """Its words, as the program gets them."""
        return [self.filled(word).replace("$$", "$") for word in self.services[service]["command"]]

    def environment(self, service: str, *, secrets: Path | None = None) -> dict[str, str]:
        """What the service is told; secrets: the folder that stands for the one in the container."""
        told = {}
        for name, value in self.services[service].get("environment", {}).items():
            text = self.variables.get(name) if value is None else self.filled(str(value))
            if text is None:
                continue
            if secrets and text.startswith(SECRETS):
                text = str(secrets / text.removeprefix(SECRETS))
            told[name] = text
        return told

    def filled(self, text: str) -> str:
        """With variables put in. Raises Missing."""
        return VARIABLE.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        value = self.variables.get(found["name"])
        if not value and found["kind"] == "?":
            raise Missing(f"{found['name']}: {found['rest']}")
        return value or (found["rest"] if found["kind"] == "-" else "") or ""
