"""The environment that `make` builds, and the file it is built from."""

import re
import subprocess
import sys

from launcher.environment import CHECKOUT
from tests.launcher.toys import make_toy_checkout


def test_requirements_are_pinned_with_hashes_and_name_no_host():
    text = (CHECKOUT / "requirements.txt").read_text()
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(pins) > 40
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|file:|--(extra-)?index|--find-links|--trusted-host| @ ", text)


def test_requirements_hold_everything_the_project_asks_for():
    import tomllib

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    pinned = {
        name.split("[")[0].lower()
        for name in re.findall(r"^([A-Za-z0-9][^\s=]*)==", (CHECKOUT / "requirements.txt").read_text(), re.M)
    }
    missing = [name for line in asked if (name := re.match(r"[\w-]+", line)[0].lower()) not in pinned]
    assert not missing, f"run: make requirements ({missing})"


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
