"""What a person sets for `make run`, read once and checked before anything starts.

The application reads its own variables in connexcs_admin/settings.py; here are those that decide
what is started. `.env.example` lists all of them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from launcher.refusal import Refusal

CHECKOUT = Path(__file__).resolve().parent.parent
DEMO_EMAIL = "admin@connex.example"


@dataclass(frozen=True)
class Environment:
    """None: not set, so the launcher decides. traffic_cps: simulated calls per second."""

    port: int
    home: Path
    secret_key: str | None
    encryption_keys: str | None
    database_url: str | None
    redis_url: str | None
    demo: bool
    demo_password: str | None
    traffic: bool
    traffic_cps: float


def read(variables: Mapping[str, str] = os.environ) -> Environment:
    """Raises Refusal naming the variable, the value found and a legal one."""
    return Environment(
        port=int(_number(variables, "PORT", 8000, low=1, high=65535, unit="TCP port", convert=int)),
        home=home(variables),
        secret_key=_secret_key(variables),
        encryption_keys=_encryption_keys(variables),
        database_url=_url(
            variables, "DATABASE_URL", ("postgres", "postgresql"), "postgres://user:password@host:5432/connex"
        ),
        redis_url=_url(variables, "REDIS_URL", ("redis", "rediss"), "redis://:password@host:6379/0"),
        demo=_flag(variables, "DEMO"),
        demo_password=_demo_password(variables),
        traffic=_flag(variables, "TRAFFIC"),
        traffic_cps=_number(
            variables, "TRAFFIC_CPS", 5, low=0.1, high=1000, unit="calls per second", convert=float
        ),
    )


def home(variables: Mapping[str, str] = os.environ) -> Path:
    """The data folder."""
    return Path(variables.get("CONNEX_HOME") or CHECKOUT / "var").expanduser().absolute()


def _raw(variables: Mapping[str, str], name: str) -> str | None:
    """The variable, or the content of the file that `<name>_FILE` names; None when neither is set."""
    if value := variables.get(name):
        return value
    if path := variables.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise Refusal(
                f"{name}_FILE={path!r} cannot be read ({error.strerror}). Name a readable file or set {name}."
            ) from error
    return None


def _wrong(name: str, value: str, legal: str) -> Refusal:
    return Refusal(f"{name}={value!r} is not understood. Use {legal}.")


def _number(
    variables: Mapping[str, str],
    name: str,
    default: float,
    *,
    low: float,
    high: float,
    unit: str,
    convert: Callable[[str], float],
) -> float:
    value = _raw(variables, name)
    if value is None:
        return default
    kind = "a whole number" if convert is int else "a number"
    legal = f"{kind} from {low} to {high} ({unit}), for example {default}"
    try:
        number = convert(value)
    except ValueError:
        raise _wrong(name, value, legal) from None
    if not low <= number <= high:
        raise _wrong(name, value, legal)
    return number


def _flag(variables: Mapping[str, str], name: str) -> bool:
    """True unless it says no."""
    value = (_raw(variables, name) or "1").lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise _wrong(name, value, "1 or 0")


def _url(variables: Mapping[str, str], name: str, schemes: tuple[str, ...], example: str) -> str | None:
    value = _raw(variables, name)
    if value is None:
        return None
    try:
        url = urlsplit(value)
        is_legal = url.scheme in schemes and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        is_legal = False
    if not is_legal:
        raise Refusal(f"{name}={value!r} is not understood. Use an address like {example}.")
    return value


def _secret_key(variables: Mapping[str, str]) -> str | None:
    value = _raw(variables, "SECRET_KEY")
    if value is not None and len(value) < 50:
        raise Refusal(
            f"SECRET_KEY has {len(value)} characters. Use 50 or more random ones, or leave it unset: "
            "one is made and kept for you."
        )
    return value


def _encryption_keys(variables: Mapping[str, str]) -> str | None:
    value = _raw(variables, "ENCRYPTION_KEYS")
    for key in (value or "").split(","):
        if value is not None and len(key.strip()) < 32:
            raise Refusal(
                f"A key of ENCRYPTION_KEYS has {len(key.strip())} characters. Use 32 or more random ones, "
                "or leave it unset: one is made and kept for you."
            )
    return value


def _demo_password(variables: Mapping[str, str]) -> str | None:
    value = _raw(variables, "DEMO_PASSWORD")
    if value is not None and (len(value) < 10 or not value.isprintable()):
        raise Refusal(
            f"DEMO_PASSWORD has {len(value)} characters. Use 10 or more printable ones, or leave it unset: "
            "one is made and shown to you."
        )
    return value
