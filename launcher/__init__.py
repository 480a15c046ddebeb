"""Starts everything Connex needs on one machine: `python3 -m launcher run`.

Plain Python: nothing here imports Django, and what runs before the environment exists
(`__main__`, `bootstrap`, `refusal`) uses the standard library only.
"""
