"""The data folder."""

import stat

import pytest

from launcher.home import Home
from launcher.refusal import Refusal


def test_a_folder_that_cannot_be_made_is_named_with_the_reason_and_a_way_out(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refusal, match=r"file/home cannot be written \(Not a directory\).*Set CONNEX_HOME"):
        Home(tmp_path / "file" / "home")


def test_one_process_at_a_time_uses_it(tmp_path):
    first = Home(tmp_path)
    with pytest.raises(Refusal, match="already running on the data folder"):
        Home(tmp_path)
    first.close()
    Home(tmp_path).close()


def test_a_secret_is_made_once_kept_and_private(tmp_path):
    home = Home(tmp_path)
    made = home.secret("secret_key", characters=64)
    home.close()
    again = Home(tmp_path)
    assert again.secret("secret_key", characters=64) == made
    assert len(made) == 64
    assert again.secret("another") != made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    again.close()


def test_damaged_secrets_are_never_silently_replaced(tmp_path):
    home = Home(tmp_path)
    (tmp_path / "secrets.json").write_text("{broken")
    with pytest.raises(Refusal, match=r"secrets\.json is damaged"):
        home.secret("secret_key")
    home.close()
