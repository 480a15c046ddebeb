"""The part of `make check` that is ours."""

import pytest

from launcher import checks


def test_nothing_committed_names_a_package_registry():
    assert checks.hosts_and_locks(checks.committed_files()) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "--extra-" + "index-url somewhere\n"),
        ("requirements.txt", "--find-" + "links /opt/somewhere\n"),
        ("page.html", "<script src='//cdn.js" + "delivr.net/npm/x'></script>"),
        ("settings.toml", "url = 'https://files.python" + "hosted.org/x'"),
        ("uv.lock", ""),
        ("pylock.toml", ""),
    ],
)
def test_each_kind_of_leak_is_found_with_its_place(tmp_path, name, text):
    path = tmp_path / name
    path.write_text("first line\n" + text)
    [line] = checks.hosts_and_locks([path])
    assert line.startswith(str(path))


def test_pictures_are_passed_over(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    assert checks.hosts_and_locks([tmp_path / "picture.png"]) == []
