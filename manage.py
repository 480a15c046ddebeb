#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")
    if sys.argv[1:2] == ["doctor"]:
        from connexcs_admin import env

        env.collect()  # settings that cannot be read are what it is asked about
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
