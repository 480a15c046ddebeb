"""`python3 -m launcher VERB`: makes the environment when it is missing, then does what VERB says.

Written for any Python 3, so that one that is too old can say so.
"""

import os
import shutil
import sys

OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")

if sys.version_info < OLDEST:
    for name in NEWER_NAMES:
        newer = shutil.which(name)
        if newer:
            os.execv(newer, [newer, "-m", "launcher", *sys.argv[1:]])  # noqa: S606 - same words, newer Python
    sys.exit(
        f"Connex needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]} "
        f"({sys.executable}). Install a newer one, for example python3.12, and run the same command again."
    )

from launcher import bootstrap  # noqa: E402
from launcher.refusal import Refusal  # noqa: E402

try:
    bootstrap.enter(sys.argv[1:])
except Refusal as refusal:
    sys.exit(f"connex: {refusal}")
except KeyboardInterrupt:
    sys.exit(130)
