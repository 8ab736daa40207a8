"""Counts the uses of objects without a class in the product; exits 1 above the limit.

It is for free data of tenants only. Data that modules pass to each other has a class.
"""

import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("api_spec", "datastores", "deploy", "functions", "workflows")
UNTYPED = "dict[str, " + "Any]"
LIMIT = 40


def count() -> Counter[str]:
    """Return the number of uses in each file that has some."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = Counter({str(path.relative_to(ROOT)): path.read_text().count(UNTYPED) for path in files})
    return +found


def main() -> int:
    """Print the number and, above the limit, that of each file. Returns the exit status."""
    found = count()
    print(f"{UNTYPED}: {found.total()} places, of {LIMIT} at most")
    if found.total() <= LIMIT:
        return 0
    print("\n".join(f"{number:4} {path}" for path, number in found.most_common()))
    return 1


if __name__ == "__main__":
    sys.exit(main())
