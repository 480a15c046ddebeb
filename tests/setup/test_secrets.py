"""Secrets at rest: unreadable without a key, readable while one that wrote them is kept."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from connexcs_admin import env
from setup import secrets

OLD, NEW = "an old key of more than thirty-two characters", "a new key of more than thirty-two characters"


def test_what_is_stored_does_not_tell_the_secret():
    stored = secrets.encrypt("JBSWY3DPEHPK3PXP")
    assert "JBSWY3DP" not in stored
    assert stored != secrets.encrypt("JBSWY3DPEHPK3PXP"), "equal secrets must not look equal"
    assert secrets.decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_a_new_key_in_front_still_reads_what_the_old_one_wrote(settings):
    settings.ENCRYPTION_KEYS = [OLD]
    stored = secrets.encrypt("kept")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert secrets.decrypt(stored) == "kept"
    moved = secrets.reencrypt(stored)
    settings.ENCRYPTION_KEYS = [NEW]
    assert secrets.decrypt(moved) == "kept"
    with pytest.raises(secrets.Unreadable, match="Add the key it was written with"):
        secrets.decrypt(stored)


@pytest.mark.parametrize("damage", ["", "nonsense", "gAAAAAB"])
def test_damaged_secrets_are_not_read_as_something_else(damage):
    with pytest.raises(secrets.Unreadable):
        secrets.decrypt(damage)
    with pytest.raises(secrets.Unreadable):
        secrets.reencrypt(damage)


def test_without_keys_nothing_starts(monkeypatch):
    monkeypatch.setenv("ENCRYPTION_KEYS", " , ")
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS is empty"):
        env.listed("ENCRYPTION_KEYS", example="32 or more random characters")


def test_keys_may_come_from_a_file(monkeypatch, tmp_path):
    monkeypatch.delenv("ENCRYPTION_KEYS", raising=False)
    (tmp_path / "keys").write_text(f"{NEW}, {OLD}\n")
    monkeypatch.setenv("ENCRYPTION_KEYS_FILE", str(tmp_path / "keys"))
    assert env.listed("ENCRYPTION_KEYS", example="x") == [NEW, OLD]
