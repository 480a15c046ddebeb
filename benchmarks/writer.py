"""`python -m benchmarks.writer SWITCH FILE SIZE`: one process that stores a file, `SIZE` records at a time.

Waits for a line on its input before it begins; prints one line of JSON: seconds, records, and the memory it
held after a quarter of the file and at its end (kB).
"""

import json
import os
import sys
import time
from itertools import islice
from pathlib import Path


def main(switch_id: int, path: Path, size: int) -> None:
    import django

    django.setup()
    from calls import ingest
    from calls.models import Switch

    switch = Switch.objects.get(pk=switch_id)
    total, done, early = path.stat().st_size, 0, 0
    stored = 0
    print("ready", flush=True)
    sys.stdin.readline()
    begun = time.monotonic()
    with path.open("rb") as file:
        while body := b"".join(islice(file, size)):
            receipt = ingest.receive(switch, body)
            assert not receipt.refused, receipt.refused[:3]
            stored += receipt.stored
            done += len(body)
            if not early and done >= total / 4:
                early = memory_kb()
    seconds = time.monotonic() - begun
    print(json.dumps({"seconds": seconds, "stored": stored, "early_kb": early, "late_kb": memory_kb()}))


def memory_kb() -> int:
    """What this process holds in memory, in kB; 0 where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
