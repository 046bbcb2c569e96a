"""The command, with leases that run out soon: ``python -m tests.faults.short_leases serve …``."""

import datetime as dt

import aniworld.downloads.engine
from aniworld.__main__ import main

if __name__ == "__main__":
    aniworld.downloads.engine.LEASE = dt.timedelta(seconds=3)
    main()
