"""Keeps out of an agent's process what its libraries would bring in without using it; imported before all else.

Hundreds of agents run at once, so a megabyte in each counts.
"""

import sys

# tenacity imports tornado wherever that is installed, with Dask for instance: 1.5 MB. Without it, it does the same.
sys.modules.setdefault("tornado", None)  # type: ignore[arg-type]
