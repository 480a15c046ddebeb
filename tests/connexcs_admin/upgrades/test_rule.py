"""What a migration may do while the last release still runs."""

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models

from connexcs_admin.upgrades import last_release, rule
from connexcs_admin.upgrades.last_release import LastRelease

RELEASE = LastRelease("0" * 40, frozenset({"customers.0001_initial"}))
FIRST = type(
    "Migration",
    (migrations.Migration,),
    {
        "operations": [
            migrations.CreateModel(
                "Shop",
                [
                    ("id", models.BigAutoField(primary_key=True)),
                    ("name", models.CharField(max_length=32)),
                    ("note", models.CharField(max_length=32, null=True)),
                    ("rank", models.IntegerField(db_default=0)),
                ],
            )
        ]
    },
)


def judge(*operations, **attributes):
    """What the rule says of operations in one migration after the release that made the table of shops."""
    second = type("Migration", (migrations.Migration,), {"operations": list(operations), **attributes})
    return rule._judge([("customers", "0001_initial", FIRST), ("customers", "0002_new", second)], RELEASE)


def test_the_migrations_here_keep_the_rule():
    assert rule.breaches() == []


def test_every_migration_of_the_last_release_is_still_there():
    """A release's migrations are never renamed or removed: installations have them applied."""
    from django.db.migrations.loader import MigrationLoader

    there = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    assert last_release.read().migrations <= there


BREAKING = {
    "a column without default": migrations.AddField("Shop", "city", models.CharField(max_length=9)),
    "a default of Django alone": migrations.AddField(
        "Shop", "city", models.CharField(max_length=9, default="")
    ),
    "an index with the column": migrations.AddField(
        "Shop", "city", models.IntegerField(null=True, db_index=True)
    ),
    "a generated column": migrations.AddField(
        "Shop",
        "twice",
        models.GeneratedField(
            expression=models.F("rank") * 2, output_field=models.IntegerField(), db_persist=True
        ),
    ),
    "a dropped column": migrations.RemoveField("Shop", "note"),
    "a dropped table": migrations.DeleteModel("Shop"),
    "a renamed column": migrations.RenameField("Shop", "note", "remark"),
    "a renamed table": migrations.RenameModel("Shop", "Store"),
    "a table under another name": migrations.AlterModelTable("Shop", "stores"),
    "not null": migrations.AlterField("Shop", "note", models.CharField(max_length=32)),
    "another type": migrations.AlterField("Shop", "rank", models.TextField(db_default="")),
    "a shorter text": migrations.AlterField("Shop", "name", models.CharField(max_length=9)),
    "a default taken away": migrations.AlterField("Shop", "rank", models.IntegerField(null=True)),
    "unique": migrations.AlterField("Shop", "name", models.CharField(max_length=32, unique=True)),
    "another column name": migrations.AlterField(
        "Shop", "name", models.CharField(max_length=32, db_column="title")
    ),
    "a constraint at once": migrations.AddConstraint(
        "Shop", models.CheckConstraint(condition=models.Q(rank__gt=0), name="rank_positive")
    ),
    "an index under lock": migrations.AddIndex("Shop", models.Index(fields=["rank"], name="by_rank")),
    "an index removed under lock": migrations.RemoveIndex("Shop", "by_rank"),
    "code over rows": migrations.RunPython(lambda apps, schema_editor: None),
    "SQL that drops": migrations.RunSQL("ALTER TABLE customers_shop DROP COLUMN note"),
    "SQL that renames": migrations.RunSQL("ALTER TABLE customers_shop RENAME note TO remark"),
    "SQL that indexes": migrations.RunSQL("CREATE INDEX by_rank ON customers_shop (rank)"),
    "SQL that constrains": migrations.RunSQL("ALTER TABLE customers_shop ADD CONSTRAINT c CHECK (rank > 0)"),
    "SQL that forbids null": migrations.RunSQL(
        [("ALTER TABLE customers_shop ALTER note SET NOT NULL", None)]
    ),
    "hidden in a pair": migrations.SeparateDatabaseAndState(
        database_operations=[migrations.RemoveField("Shop", "note")]
    ),
}


@pytest.mark.parametrize("operation", BREAKING.values(), ids=BREAKING.keys())
def test_what_breaks_the_last_release_or_holds_a_table(operation):
    [breach] = judge(operation)
    assert breach.migration == "customers.0002_new"
    assert breach.reason.endswith(".")
    assert breach.instead.endswith(".")
    excused = judge(operation, breaks_no_release={breach.key: "nobody has had a row in it since 1.2"})
    assert excused == []


HARMLESS = {
    "a column that may be empty": migrations.AddField(
        "Shop", "city", models.CharField(max_length=9, null=True)
    ),
    "a default of the database": migrations.AddField(
        "Shop", "city", models.CharField(max_length=9, db_default="")
    ),
    "longer text": migrations.AlterField("Shop", "name", models.CharField(max_length=64)),
    "endless text": migrations.AlterField("Shop", "name", models.TextField()),
    "other words": migrations.AlterField("Shop", "name", models.CharField("title", max_length=32)),
    "null allowed": migrations.AlterField("Shop", "name", models.CharField(max_length=32, null=True)),
    "a constraint in two steps": AddConstraintNotValid(
        "Shop", models.CheckConstraint(condition=models.Q(rank__gt=0), name="rank_positive")
    ),
    "an index beside the work": AddIndexConcurrently("Shop", models.Index(fields=["rank"], name="by_rank")),
    "no more used, still there": migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("Shop", "note")]
    ),
    "SQL beside the work": migrations.RunSQL("CREATE INDEX CONCURRENTLY by_rank ON customers_shop (rank)"),
    "words in a text": migrations.RunSQL(
        "COMMENT ON TABLE customers_shop IS 'DROP TABLE and RENAME are words'"
    ),
    "a new table": migrations.CreateModel("Stall", [("id", models.BigAutoField(primary_key=True))]),
}


@pytest.mark.parametrize("operation", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_the_last_release_does_not_notice(operation):
    assert judge(operation) == []


def test_a_constraint_is_validated_later():
    constraint = models.CheckConstraint(condition=models.Q(rank__gt=0), name="rank_positive")
    assert judge(AddConstraintNotValid("Shop", constraint), ValidateConstraint("Shop", "rank_positive")) == []


def test_a_table_that_the_last_release_does_not_know_is_free():
    assert (
        judge(
            migrations.CreateModel("Stall", [("id", models.BigAutoField(primary_key=True))]),
            migrations.AddField("Stall", "city", models.CharField(max_length=9, default="")),
            migrations.AddIndex("Stall", models.Index(fields=["city"], name="by_city")),
            migrations.RunSQL("CREATE INDEX by_id ON customers_stall (id)"),
            migrations.RemoveField("Stall", "city"),
        )
        == []
    )


def test_an_excuse_needs_a_reason():
    operation = migrations.RemoveField("Shop", "note")
    [breach] = judge(operation)
    assert judge(operation, breaks_no_release={breach.key: "because"}) == [breach]


def test_an_excuse_that_nothing_needs_is_taken_out():
    [breach] = judge(breaks_no_release={"RemoveField customers.Shop.note": "nobody has had a row in it"})
    assert "does nothing against the rule" in str(breach)


def test_what_was_released_is_not_judged_again():
    assert rule._judge([("customers", "0001_initial", FIRST)], RELEASE) == []
