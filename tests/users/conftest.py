"""Waits that a busy machine does not sit through by being slow: units of a hundred seconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from users import throttle


@pytest.fixture(autouse=True)
def _long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HERE", "ADDRESS"):
        rule = getattr(throttle, name)
        monkeypatch.setattr(throttle, name, replace(rule, unit_s=100, longest_s=rule.longest_s * 100))
