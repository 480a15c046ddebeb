"""Remember which rights were offered to groups, beginning with those of the release before this table."""

from django.db import migrations, models

ROLES = ("Administrator", "Operations", "Support", "Finance", "Account manager", "Reseller", "Read-only")
VERBS = {"r": "view", "c": "add", "u": "change", "d": "delete"}
# users/roles.py as groups were seeded from it until then.
MATRIX = {
    # Area                          Admin   NOC     Support Finance Manager Reseller Read-only
    "customers.customer":          ("rcud", "ru",   "rcu",  "ru",   "rcu",  "rcu",  "r"),
    "customers.view_every_customer": ("yes", "yes", "yes",  "yes",  "-",    "-",    "yes"),
    "customers.view_credit":       ("yes",  "-",    "-",    "yes",  "yes",  "yes",  "-"),
    "customers.callwindow":        ("rcud", "rcud", "rcud", "r",    "rcud", "rcud", "r"),
    "customers.numberblock":       ("rcud", "rcud", "rcu",  "r",    "rcu",  "r",    "r"),
    "contacts.contact":            ("rcud", "r",    "rcud", "rcu",  "rcud", "rcud", "r"),
    "routing.ingressroute":        ("rcud", "rcud", "rcu",  "-",    "r",    "r",    "r"),
    "routing.ipauth":              ("rcud", "rcud", "rcu",  "-",    "r",    "rcud", "r"),
    "routing.sipuser":             ("rcud", "rcud", "rcu",  "-",    "r",    "rcud", "r"),
    "calls.cdr":                   ("r",    "r",    "r",    "r",    "r",    "r",    "r"),
    "calls.dialog":                ("r",    "r",    "r",    "-",    "r",    "r",    "r"),
    "calls.switch":                ("rcud", "rcu",  "r",    "-",    "-",    "-",    "r"),
    "carriers.carrier":            ("rcud", "rcu",  "r",    "rcu",  "-",    "-",    "r"),
    "billing.account":             ("r",    "-",    "-",    "r",    "r",    "r",    "-"),
    "billing.ledgerentry":         ("rc",   "-",    "-",    "rc",   "r",    "r",    "-"),
    "audit.act":                   ("r",    "r",    "-",    "r",    "-",    "-",    "r"),
    "users.user":                  ("rcud", "-",    "-",    "-",    "-",    "-",    "-"),
    "auth.group":                  ("rcud", "-",    "-",    "-",    "-",    "-",    "-"),
    "setup.currency":              ("rcud", "-",    "-",    "rcu",  "-",    "-",    "r"),
    "setup.reseller":              ("rcud", "-",    "-",    "r",    "-",    "-",    "r"),
    "setup.portaldomain":          ("rcud", "-",    "-",    "-",    "-",    "-",    "r"),
    "setup.invoicetemplate":       ("rcud", "-",    "-",    "rcu",  "-",    "-",    "r"),
    "setup.installation":          ("ru",   "r",    "-",    "-",    "-",    "-",    "r"),
}


def note_what_was_offered(apps, schema_editor):
    """For groups that exist: each had its preset offered when it was made."""
    Group, OfferedRight = apps.get_model("auth", "Group"), apps.get_model("users", "OfferedRight")
    names = set(Group.objects.filter(name__in=ROLES).values_list("name", flat=True))
    OfferedRight.objects.bulk_create(
        [
            OfferedRight(role=role, right=right)
            for column, role in enumerate(ROLES)
            if role in names
            for area, row in MATRIX.items()
            for right in rights(area, row[column])
        ]
    )


def rights(area, letters):
    app, _, name = area.partition(".")
    if letters in ("-", "yes"):
        return [area] if letters == "yes" else []
    return [f"{app}.{VERBS[letter]}_{name}" for letter in letters]


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("users", "0002_membership_history"),
    ]

    breaks_no_release = {
        "RunPython note_what_was_offered": "a few hundred rows into the table made here, read by nobody yet",
    }

    operations = [
        migrations.CreateModel(
            name="OfferedRight",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=150)),
                ("right", models.CharField(max_length=200)),
            ],
            options={
                "verbose_name": "offered right",
                "verbose_name_plural": "offered rights",
                "default_permissions": (),
                "constraints": [models.UniqueConstraint(fields=("role", "right"), name="right_offered_once")],
            },
        ),
        migrations.RunPython(note_what_was_offered, migrations.RunPython.noop),
    ]
