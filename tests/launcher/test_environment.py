"""Values from the environment: right, missing, wrong."""

import pytest

from launcher import environment
from launcher.refusal import Refusal


def test_nothing_needs_to_be_set():
    read = environment.read({})
    assert (read.port, read.demo, read.traffic, read.traffic_cps) == (8000, True, True, 5)
    assert read.home == environment.CHECKOUT / "var"
    assert read.database_url is read.redis_url is read.secret_key is read.demo_password is None


@pytest.mark.parametrize(
    ("name", "value", "legal"),
    [
        ("PORT", "80a", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "70000", "a whole number from 1 to 65535"),
        ("TRAFFIC_CPS", "fast", "a number from 0.1 to 1000 (calls per second)"),
        ("TRAFFIC_CPS", "-1", "a number from 0.1 to 1000 (calls per second)"),
        ("TRAFFIC_CPS", "nan", "a number from 0.1 to 1000 (calls per second)"),
        ("TRAFFIC", "maybe", "1 or 0"),
        ("DEMO", "2", "1 or 0"),
        ("DATABASE_URL", "mysql://root@localhost/connex", "postgres://user:password@host:5432/connex"),
        ("DATABASE_URL", "postgres://host:port/connex", "postgres://user:password@host:5432/connex"),
        ("REDIS_URL", "localhost:6379", "redis://:password@host:6379/0"),
        ("SECRET_KEY", "short", "50 or more"),
        ("ENCRYPTION_KEYS", f"{'k' * 32},short", "32 or more"),
        ("DEMO_PASSWORD", "short", "10 or more"),
    ],
)
def test_a_wrong_value_names_the_variable_and_a_legal_value(name, value, legal):
    with pytest.raises(Refusal) as refusal:
        environment.read({name: value})
    assert name in str(refusal.value)
    assert legal in str(refusal.value)


def test_a_secret_may_come_from_a_file_and_a_missing_file_is_named(tmp_path):
    (tmp_path / "key").write_text("k" * 60 + "\n")
    assert environment.read({"SECRET_KEY_FILE": str(tmp_path / "key")}).secret_key == "k" * 60
    with pytest.raises(Refusal, match=r"SECRET_KEY_FILE='.*absent' cannot be read \(No such file"):
        environment.read({"SECRET_KEY_FILE": str(tmp_path / "absent")})


def test_every_variable_the_launcher_reads_is_explained_in_the_example_file():
    example = (environment.CHECKOUT / ".env.example").read_text()
    names = ("PORT", "CONNEX_HOME", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "DEMO", "DEMO_PASSWORD")
    for name in (*names, "ENCRYPTION_KEYS", "TRAFFIC", "TRAFFIC_CPS"):
        assert f"\n# {name}=" in example, name
