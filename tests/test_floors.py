"""Rooms stand on lower floors only, in the database as in imports (which import-linter judges)."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader
from django.db.models import Model

ROOT = Path(__file__).resolve().parents[1]


def floors() -> list[str]:
    """Our rooms from the top down, as the import contract has them."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    (contract,) = (contract for contract in contracts if contract["type"] == "layers")
    return contract["layers"]


def is_upward(below: str, above: str) -> bool:
    """Whether a reference from room `below` to `above` goes up. Other people's apps are the ground.

    So is the user model for grids, which name it as Django's own apps do, by settings.AUTH_USER_MODEL: what a
    person keeps of a list belongs to that person, and goes when the person goes.
    """
    if (below, above) == ("grids", settings.AUTH_USER_MODEL.partition(".")[0]):
        return False
    rooms = floors()
    return below in rooms and above in rooms and rooms.index(above) < rooms.index(below)


def relations() -> Iterator[tuple[type[Model], type[Model], str]]:
    """Model, the model it refers to, and the field, for all models with their hidden many-to-many tables."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields(include_hidden=True):
            if not field.auto_created and field.is_relation and isinstance(field.related_model, type):
                yield model, field.related_model, field.name


def test_the_walk_sees_foreign_keys_of_every_kind():
    seen = {(model._meta.label, name) for model, _, name in relations()}
    assert ("customers.Customer", "currency") in seen
    assert ("customers.Listing", "customer") in seen
    assert ("users.User_groups", "group") in seen
    assert ("customers.CustomerEvent", "pgh_obj") in seen


def test_no_foreign_key_points_upward():
    wrong = [
        f"{model._meta.label}.{name} -> {other._meta.label}"
        for model, other, name in relations()
        if is_upward(model._meta.app_label, other._meta.app_label)
    ]
    assert wrong == []


def test_no_migration_depends_upward():
    loader = MigrationLoader(None)
    wrong = [
        f"{key} needs {needed}"
        for key, migration in loader.disk_migrations.items()
        for needed in migration.dependencies
        if is_upward(key[0], needed[0])
    ]
    wrong += [
        f"{later} must wait for {key}"
        for key, migration in loader.disk_migrations.items()
        for later in migration.run_before
        if is_upward(later[0], key[0])
    ]
    assert wrong == []


@pytest.mark.parametrize(("below", "above", "answer"), [
    ("customers", "billing", True),
    ("setup", "users", True),
    ("billing", "customers", False),
    ("customers", "customers", False),
    ("users", "auth", False),
    ("grids", "users", False),
    ("grids", "customers", True),
])  # fmt: skip
def test_up_is_up(below, above, answer):
    assert is_upward(below, above) is answer


def test_every_room_has_its_floor_and_every_floor_its_room():
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).resolve().parent == ROOT}
    assert ours == set(floors())


def test_the_contract_covers_every_room():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert set(linter["root_packages"]) == set(floors())
