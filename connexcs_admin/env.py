"""Typed readers for environment variables.

Each reader takes a name and a default and fails at start, naming the variable, the value found
and a legal one. A variable that is not set is looked up in ``$CONNEX_HOME/run.env``, which the
launcher writes while `make run` is up, so that `manage.py` works from a second terminal.

`manage.py doctor` wants to hear of all that is wrong: after `collect()` readers note it and go on.
"""

import os
import re
import secrets
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
Given = ParamSpec("Given")
Value = TypeVar("Value")

_problems: dict[str, str] | None = None


def collect() -> None:
    """From now on note what is wrong instead of failing at the first variable."""
    global _problems
    _problems = {}


def problems() -> dict[str, str]:
    """What was noted since `collect()`: a sentence for each variable. Their values are made up."""
    return dict(_problems or {})


def _reader(made_up: Callable[[], Value]) -> Callable[[Callable[Given, Value]], Callable[Given, Value]]:
    """Marks a reader. made_up: what stands for a value that cannot be read, once problems are collected."""

    def mark(read: Callable[Given, Value]) -> Callable[Given, Value]:
        @wraps(read)
        def careful(*args: Given.args, **options: Given.kwargs) -> Value:
            try:
                return read(*args, **options)
            except ImproperlyConfigured as error:
                if _problems is None:
                    raise
                name = re.split(r"\W", str(error))[0].removesuffix("_FILE")  # each sentence begins with it
                _problems.setdefault(name, str(error))
                return made_up()

        return careful

    return mark


def home() -> Path:
    """The data folder: CONNEX_HOME, or `var/` in the checkout."""
    return Path(os.environ.get("CONNEX_HOME") or BASE_DIR / "var").resolve()


@cache
def _run_env() -> dict[str, str]:
    try:
        lines = (home() / "run.env").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


# Every name that was asked for so far: what this program understands.
asked: set[str] = {"CONNEX_HOME"}


def _raw(name: str) -> str | None:
    """The variable's text, the text of the file named by `<name>_FILE`, or None when neither is set."""
    asked.add(name)
    if value := os.environ.get(name):
        return value
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE={path!r} cannot be read ({error.strerror}). Name a readable file or set {name}."
            ) from error
    return _run_env().get(name)


def _is_emptied(name: str) -> bool:
    """Whether somebody set the variable to nothing, here and in no file."""
    return os.environ.get(name) == "" and not os.environ.get(f"{name}_FILE")


def _wrong(name: str, value: str, legal: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}={value!r} is not understood. Use {legal}.")


@_reader(lambda: secrets.token_hex(32))
def text(name: str, default: str | None = None, *, example: str = "some text") -> str:
    """The text of `name`. Without a default the variable is required."""
    value = _raw(name)
    if value is None:
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. Set it to {example}.")
        return default
    return value


@_reader(lambda: False)
def flag(name: str, default: bool) -> bool:
    value = _raw(name)
    if value is None:
        return default
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise _wrong(name, value, "1 or 0")


@_reader(lambda: 1)
def whole(name: str, default: int, *, low: int, high: int, unit: str = "") -> int:
    """A whole number of `unit`, or a bare one such as a port; low and high inclusive."""
    value = _raw(name)
    if value is None:
        return default
    of_what = f" of {unit}" if unit else ""
    legal = f"a whole number{of_what} from {low} to {high}, for example {default}"
    try:
        number = int(value)
    except ValueError:
        raise _wrong(name, value, legal) from None
    if not low <= number <= high:
        raise _wrong(name, value, legal)
    return number


@_reader(lambda: "INFO")
def choice(name: str, default: str, *, legal: tuple[str, ...]) -> str:
    value = _raw(name)
    if value is None:
        return default
    if value not in legal:
        raise _wrong(name, value, "one of " + ", ".join(legal))
    return value


@_reader(lambda: list[str]())
def words(name: str, default: str) -> list[str]:
    """Comma-separated words, blanks dropped. Set to nothing it holds no word, which is not the default."""
    value = "" if _is_emptied(name) else _raw(name)
    return [word.strip() for word in (default if value is None else value).split(",") if word.strip()]


@_reader(lambda: [secrets.token_hex(32)])
def listed(name: str, *, example: str) -> list[str]:
    """Comma-separated words, at least one: the variable is required."""
    value = [word.strip() for word in text(name, example=example).split(",") if word.strip()]
    if not value:
        raise ImproperlyConfigured(f"{name} is empty. Set it to {example}.")
    return value


@_reader(lambda: _as_django_has_it(urlsplit("postgres://localhost/unknown")))
def database(name: str = "DATABASE_URL") -> dict[str, object]:
    """Django's settings for one PostgreSQL database, from `postgres://user:password@host:port/name`."""
    example = "postgres://user:password@host:5432/connex"
    value, url = _address(name, "postgres", "postgresql", example=example)
    if len(url.path) < 2:
        raise _wrong(name, _without_password(value), example)
    return _as_django_has_it(url)


def _as_django_has_it(url: SplitResult) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path[1:]),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname,
        "PORT": str(url.port or 5432),
    }


@_reader(lambda: "redis://localhost")
def redis(name: str = "REDIS_URL") -> str:
    value, _url = _address(name, "redis", "rediss", example="redis://:password@host:6379/0")
    return value


@_reader(lambda: "")
def smtp(name: str = "SMTP_URL") -> str:
    """Where mails are handed over, from `smtp://user:password@host:587`; empty where nobody set it."""
    if not _raw(name):
        return ""
    value, _url = _address(name, "smtp", "smtps", example="smtp://user:password@host:587")
    return value


@_reader(lambda: "no-reply@localhost")
def mailbox(name: str, default: str) -> str:
    """The address of a mailbox, without a name beside it."""
    value = text(name, default)
    if not re.fullmatch(r"[^@\s<>\",;]+@[^@\s<>\",;]+", value):
        raise _wrong(name, value, "an address such as no-reply@example.com")
    return value


def _address(name: str, *schemes: str, example: str) -> tuple[str, SplitResult]:
    """Where a server is, as text and in parts."""
    value = text(name, example=f"{example} (`make run` does it for you)")
    try:
        url = urlsplit(value)
        url.port  # noqa: B018 - raises where it is no number
    except ValueError:
        raise _wrong(name, _without_password(value), example) from None
    if url.scheme not in schemes or not url.hostname:
        raise _wrong(name, _without_password(value), example)
    return value, url


def _without_password(address: str) -> str:
    """For sentences that go to logs and into reports of faults. What is wrong is often the password itself,
    so that its end cannot be told: all before the last @ is left out."""
    return re.sub(r"^(\w+:(//)?)?.*@", r"\1***@", address, flags=re.DOTALL)


def folder(name: str, default: Path) -> Path:
    """A folder, absolute; it need not exist yet."""
    return Path(text(name, str(default))).expanduser().absolute()
