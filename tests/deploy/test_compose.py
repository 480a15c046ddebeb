"""docker-compose.yml, Dockerfile and Caddyfile say what the application understands."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands

from connexcs_admin import gunicorn, metrics, tls
from connexcs_admin.health import doors
from deploy import make_secrets
from launcher import checks, compose
from launcher.compose import Compose
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
HOST = "admin.connex.example"
COMPOSE = Compose.read(STAFF_HOSTS=HOST)
OURS = [name for name, service in COMPOSE.services.items() if "build" in service]
OTHERS = [name for name in COMPOSE.services if name not in OURS]
# Read by the launcher, for `make run` and `make test` alone.
OF_THE_LAUNCHER = {"CONNEX_POSTGRES", "DEMO", "DEMO_PASSWORD", "TRAFFIC", "TRAFFIC_CPS"}
OF_THE_IMAGE = {"CONNEX_REVISION"}  # said when it is built

# What the Compose specification knows: https://github.com/compose-spec/compose-spec
TOP = {"name", "services", "networks", "volumes", "secrets", "configs", "include"}
SERVICE = {
    *("image", "build", "command", "entrypoint", "environment", "env_file", "ports", "expose", "volumes"),
    *("networks", "secrets", "configs", "depends_on", "healthcheck", "restart", "init", "user", "tmpfs"),
    *("read_only", "cap_drop", "cap_add", "security_opt", "logging", "mem_limit", "shm_size", "labels"),
    *("stop_grace_period", "stop_signal", "deploy", "working_dir", "profiles", "ulimits", "sysctls"),
}
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"(\d+(h|m|s|ms|us))+")
SIZE = re.compile(r"\d+[bkmg]b?")


def understood() -> set[str]:
    """The names of the variables that the application asks for, wherever it does."""
    script = (
        "import json, connexcs_admin.settings, connexcs_admin.gunicorn\n"
        "from connexcs_admin import env\n"
        "print(json.dumps(sorted(env.asked)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return set(json.loads(answer.stdout))


@pytest.fixture(scope="module")
def asked() -> set[str]:
    return understood()


def plain(names: set[str] | dict[str, str]) -> set[str]:
    return {name.removesuffix("_FILE") for name in names}


# --- The file itself


def test_it_has_nothing_that_compose_does_not_know():
    assert {key for key in COMPOSE.content if not key.startswith("x-")} <= TOP
    for name, service in COMPOSE.services.items():
        assert set(service) - {"<<"} <= SERVICE, name
        assert set(service.get("healthcheck", {})) <= HEALTHCHECK, name
        for need in service.get("depends_on", {}).values():
            assert need["condition"] in CONDITIONS
        for key in ("stop_grace_period",):
            assert DURATION.fullmatch(service.get(key, "1s")), (name, key)
        for key in ("interval", "timeout", "start_period"):
            assert DURATION.fullmatch(service.get("healthcheck", {}).get(key, "1s")), (name, key)
        assert SIZE.fullmatch(service["mem_limit"]), name
        assert service["restart"] in ("no", "unless-stopped")
        assert all(isinstance(word, str) for word in service.get("command", []))


def test_whatever_a_service_names_is_declared():
    content = COMPOSE.content
    for name, service in COMPOSE.services.items():
        assert set(service.get("networks", [])) <= set(content["networks"]), name
        assert set(service.get("secrets", [])) <= set(content["secrets"]), name
        assert set(service.get("depends_on", {})) <= set(content["services"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in content["volumes"] or (ROOT / source).is_file(), (name, volume)


def test_what_is_declared_is_used():
    used = {key: set() for key in ("networks", "secrets", "volumes")}
    for service in COMPOSE.services.values():
        for key, names in used.items():
            names |= {entry.split(":")[0] for entry in service.get(key, [])}
    for key, names in used.items():
        assert set(COMPOSE.content[key]) <= names, key


def test_a_dependency_that_has_to_be_healthy_can_say_so_and_one_that_has_to_end_does():
    for name, service in COMPOSE.services.items():
        for other, need in service.get("depends_on", {}).items():
            needed = COMPOSE.services[other]
            if need["condition"] == "service_healthy":
                assert "test" in needed["healthcheck"], (name, other)
            if need["condition"] == "service_completed_successfully":
                assert needed["restart"] == "no", (name, other)


@pytest.mark.skipif(
    not shutil.which("docker")
    or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0,
    reason="no docker compose here; the other tests of this file hold the same file against its rules",
)
def test_docker_compose_itself_finds_nothing_wrong(tmp_path):
    for path in ("docker-compose.yml", "Dockerfile", "deploy/Caddyfile"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    make_secrets.make(tmp_path / "secrets")
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"],
        cwd=tmp_path,
        env={**os.environ, "STAFF_HOSTS": HOST},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- Safety


@pytest.mark.parametrize("name", COMPOSE.services)
def test_no_container_can_do_more_than_it_must(name):
    service = COMPOSE.services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) in ([], ["NET_BIND_SERVICE"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "stop_grace_period" in service or service["restart"] == "no"
    assert "healthcheck" in service
    assert not {"privileged", "network_mode", "pid", "devices"} & set(service)
    if name != "proxy":  # it may bind ports below 1024, and nothing else
        assert service["user"].split(":")[0] != "0"


def test_only_the_proxy_is_reached_from_outside_and_it_reaches_no_server_of_ours_but_web():
    assert [name for name, service in COMPOSE.services.items() if "ports" in service] == ["proxy"]
    beside = [
        name
        for name, service in COMPOSE.services.items()
        if set(service["networks"]) & set(COMPOSE.services["proxy"]["networks"])
    ]
    assert beside == ["proxy", "web"]
    assert COMPOSE.content["networks"]["inside"] == {"internal": True}
    assert COMPOSE.services["db"]["networks"] == COMPOSE.services["queue"]["networks"] == ["inside"]


@pytest.mark.parametrize("name", OTHERS)
def test_other_peoples_images_have_a_version(name):
    image = COMPOSE.services[name]["image"]
    assert re.fullmatch(r"[\w/.-]+:\d[\w.-]*", image), image


def test_a_start_without_a_staff_host_is_refused_with_what_to_do():
    with pytest.raises(compose.Missing, match=r"STAFF_HOSTS=admin\.example\.com"):
        Compose.read().environment("web")


# --- Variables


def test_variables_are_the_same_in_the_application_the_example_and_compose(asked):
    example = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert example - OF_THE_LAUNCHER - OF_THE_IMAGE == asked
    assert set(image_variables()) >= OF_THE_IMAGE
    offered = plain(COMPOSE.services["web"]["environment"]) | set(image_variables())
    assert asked - offered == set(), "missing in docker-compose.yml"
    assert plain(COMPOSE.services["web"]["environment"]) - asked == set(), "nobody reads this"


@pytest.mark.parametrize("name", OURS)
def test_all_processes_are_told_the_same(name):
    assert COMPOSE.services[name]["environment"] == COMPOSE.services["web"]["environment"]
    assert COMPOSE.services[name]["secrets"] == COMPOSE.services["web"]["secrets"]


@pytest.mark.parametrize("name", COMPOSE.services)
def test_every_secret_comes_as_a_file_that_the_container_gets(name):
    service = COMPOSE.services[name]
    for variable, value in COMPOSE.environment(name).items():
        if variable.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in service["secrets"], variable
    words = [word for word in service.get("command", []) if word.startswith("/run/secrets/")]
    assert all(word.removeprefix("/run/secrets/") in service["secrets"] for word in words)
    assert not {
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "DATABASE_URL",
        "REDIS_URL",
        "POSTGRES_PASSWORD",
        "METRICS_TOKEN",
    } & set(COMPOSE.environment(name))


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "METRICS_TOKEN"]
)
def test_every_secret_of_ours_may_come_from_a_file_and_says_when_it_cannot_be_read(name, tmp_path):
    variables = {key: value for key, value in os.environ.items() if key != name}
    command = [sys.executable, "-c", f"from connexcs_admin import settings as s; print(s.{name})"]
    if name == "DATABASE_URL":
        command[-1] = "from connexcs_admin import settings as s; print(s.DATABASES['default']['PORT'])"
    value = os.environ.get(name, "m" * 32)
    (tmp_path / "secret").write_text(value + "\n")

    def told(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**variables, f"{name}_FILE": str(path)},
            capture_output=True,
            text=True,
        )

    good = told(tmp_path / "secret").stdout.strip()
    assert good in (value, f"['{value}']") or f":{good}/" in value
    assert f"{name}_FILE='{tmp_path}/absent' cannot be read" in told(tmp_path / "absent").stderr


def test_make_secrets_makes_what_compose_names_once_and_for_nobody_else(tmp_path):
    folder = tmp_path / "secrets"
    made = make_secrets.make(folder)
    assert sorted(made) == sorted(COMPOSE.content["secrets"])
    assert {entry["file"] for entry in COMPOSE.content["secrets"].values()} == {
        f"./{make_secrets.FOLDER.name}/{name}" for name in made
    }
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert make_secrets.make(folder) == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert before["postgres_password"].strip() in before["database_url"]
    assert before["valkey_conf"].split()[1] in before["redis_url"]
    assert len(before["secret_key"]) >= 50
    ignored = subprocess.run(["git", "check-ignore", "-q", "secrets/secret_key"], cwd=ROOT)
    assert ignored.returncode == 0


def test_addresses_in_the_secrets_are_services_of_compose(tmp_path):
    make_secrets.make(tmp_path)
    for name in ("database_url", "redis_url"):
        host = re.search(r"@(\w+):", (tmp_path / name).read_text())[1]
        assert host in COMPOSE.services
    database = COMPOSE.environment("db")
    assert f"//{database['POSTGRES_USER']}:" in (tmp_path / "database_url").read_text()
    assert (tmp_path / "database_url").read_text().strip().endswith(f"/{database['POSTGRES_DB']}")


def test_make_check_looks_at_the_settings_of_compose(tmp_path):
    told = checks._like_production(str(tmp_path))
    web = COMPOSE.environment("web")
    for name in ("HTTPS", "DEBUG", "STAFF_HOSTS", "TRUSTED_PROXIES", "LOG_FORMAT"):
        assert told[name] == web[name]
    assert Path(told["SECRET_KEY_FILE"]).is_file()
    assert told["HTTPS"] == "1"


# --- Commands, paths, doors


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one(name):
    python, *words = COMPOSE.command(name)
    assert python == "python"
    if words[0] == "manage.py":
        assert words[1] in get_commands()
    else:
        assert words[0] == "-m"
        assert importlib.util.find_spec(words[1])
    if words[1] == "celery":
        assert words[words.index("-A") + 1] == "connexcs_admin"
        assert {"worker", "beat"} & set(words)


def test_the_image_starts_the_web_server_just_as_compose_and_make_run_do():
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.M)
    assert json.loads(command) == COMPOSE.command("web")
    assert "python:connexcs_admin.gunicorn" in COMPOSE.command("web")
    assert "python:connexcs_admin.gunicorn" in (ROOT / "launcher" / "stack.py").read_text()


def test_healthchecks_ask_doors_that_exist():
    asked = re.findall(
        r"http://127\.0\.0\.1:(\d+)(/[\w/-]+)", DOCKERFILE + json.dumps(COMPOSE.services["web"])
    )
    assert asked
    port = image_variables()["PORT"]
    assert {(number, path in doors.DOORS) for number, path in asked} == {(port, True)}


def test_what_is_written_is_written_to_a_volume():
    for name in OURS:
        told, service = COMPOSE.environment(name), COMPOSE.services[name]
        assert f"data:{told['CONNEX_HOME']}" in service["volumes"]
        assert any(entry.startswith("/tmp") for entry in service["tmpfs"])
    schedule = COMPOSE.command("beat")[COMPOSE.command("beat").index("--schedule") + 1]
    assert Path(schedule).parent == Path(COMPOSE.environment("beat")["CONNEX_HOME"])


def test_a_process_has_more_time_to_end_than_it_takes():
    assert COMPOSE.services["web"]["stop_grace_period"] == f"{gunicorn.graceful_timeout + 5}s"
    assert gunicorn.timeout > settings.WEB_STATEMENT_TIMEOUT_S


# --- The image


def image_variables() -> dict[str, str]:
    """What ENV sets in the last stage."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    (lines,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", last, re.M)
    return dict(word.split("=", 1) for word in shlex.split(lines.replace("\\\n", " ")))


def stages() -> list[str]:
    return re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]


def test_the_image_runs_as_nobody_in_particular_without_compiler_and_pip():
    build, last = stages()
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert "gcc" in build
    assert not re.search(r"\b(gcc|libpq-dev|build-essential|pip install)\b", last)
    assert "pip uninstall -y pip" in build
    assert all(COMPOSE.services[name]["user"] == "10001:10001" for name in OURS)


def test_the_image_installs_what_was_pinned_and_compiles_the_driver_alone():
    (command,) = re.findall(r"pip install (.*?) \\\n\s+(?:&&|-r \S+)", stages()[0], re.S)
    assert "--require-hashes --only-binary :all: --no-binary psycopg2" in command
    assert "-r /build/requirements-production.txt" in stages()[0]
    assert (ROOT / "requirements-production.txt").exists()


def test_the_image_has_every_room_and_no_data():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    rooms = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    assert rooms <= let_in
    assert {"templates", "static", "manage.py", "pyproject.toml", "requirements-production.txt"} <= let_in
    assert not {"var", ".env", "secrets", ".venv", ".git", "tests", "launcher"} & let_in
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_backups_are_made_by_a_client_not_older_than_the_server():
    client = int(re.search(r"postgresql-client-(\d+)", stages()[1])[1])
    server = int(re.search(r"postgres:(\d+)", COMPOSE.services["db"]["image"])[1])
    assert client >= server >= 15


def test_image_and_compose_agree_on_what_both_say():
    image, told = image_variables(), COMPOSE.environment("web")
    assert {name: value for name, value in told.items() if image.get(name, value) != value} == {}


# --- Certificates


CADDYFILE = (ROOT / "deploy" / "Caddyfile").read_text()


def test_the_proxy_asks_the_application_whether_a_name_is_ours():
    (url,) = re.findall(r"^\s*ask http://(\S+)$", CADDYFILE, re.M)
    server, _slash, path = url.partition("/")
    assert server == f"web:{image_variables()['PORT']}"
    assert f"/{path}" == tls.PATH
    assert f"reverse_proxy {server}" in CADDYFILE
    assert COMPOSE.environment("web")["TRUSTED_PROXIES"] == "1"


def test_the_doors_of_the_inside_are_closed_to_the_outside():
    (paths,) = re.findall(r"@inside path (.*)", CADDYFILE)
    assert {"/readyz", metrics.PATH, "/internal/*"} <= set(paths.split())
    assert tls.PATH.startswith("/internal/")
    assert "respond @inside 404" in CADDYFILE


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST", 200),
        ("portal.example.com", 200),
        ("Portal.Example.COM.", 200),
        ("off.example.com", 404),
        ("x.portal.example.com", 404),
        ("portal.example.com.evil.com", 404),
        ("portal.example.com\0", 404),
        ("*.example.com", 404),
        ("", 404),
    ],
)
def test_a_certificate_is_for_names_of_ours_alone(client, db, domain, status):
    factories.make_portal_domain(host="portal.example.com")
    factories.make_portal_domain(host="off.example.com", enabled=False)
    answer = client.get(tls.PATH, {"domain": domain}, headers={"host": "web:8000"})
    assert answer.status_code == status


def test_the_question_has_one_form(client, db):
    assert client.get(tls.PATH).status_code == 404
    assert client.post(tls.PATH + "?domain=localhost").status_code == 405
    assert client.get(tls.PATH + "/?domain=localhost").status_code == 404


def test_the_yaml_is_read_by_compose_as_by_us():
    """Compose reads YAML 1.2, where yes and on are words: none of ours may depend on it."""
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r":\s+(yes|no|on|off)\s*$", text, re.M | re.I)
    assert yaml.safe_load(text)["services"].keys() == COMPOSE.services.keys()
