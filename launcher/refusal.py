"""The one way the launcher says no."""


class Refusal(Exception):
    """Something outside our code is wrong; the text says what, with what value, and what to do.

    Printed to the person as it is, without a traceback; the launcher then exits with code 2.
    """
