"""Becomes another program that cannot outlive its parent: `leash.py --parent PID [...] -- COMMAND…`.

A script of its own, run before the program, because the same steps in `preexec_fn` would run
between fork and exec of a process with threads, where any lock may be held for ever.

PostgreSQL refuses to run as root. Two of the ways round that are taken here:
--user UID:GID   become that user (needs the files to be within its reach);
--namespace      become uid 65534 in a user namespace of our own: the files stay root's, also below
                 a folder only root may enter.
"""

import argparse
import ctypes
import os
import sys

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", type=int, required=True)
    parser.add_argument("--user")
    parser.add_argument("--namespace", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)

    if options.user:
        uid, gid = (int(part) for part in options.user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.chdir("/")
    if options.namespace:
        enter_user_namespace()
    if sys.platform == "linux":
        # After the change of user, which would clear it again.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, options.signal, 0, 0, 0)
        if os.getppid() != options.parent:  # the parent died before it could be watched
            sys.exit(1)
    os.execvp(options.command[0], options.command)  # noqa: S606 - no shell is the point


def enter_user_namespace() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        error = ctypes.get_errno()
        sys.exit(f"no user namespace: {os.strerror(error)}")
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} 0 1"),
        ("gid_map", f"{NOBODY} 0 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(content)


if __name__ == "__main__":
    main(sys.argv[1:])
