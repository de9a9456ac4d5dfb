"""The ``saturn`` program: ``saturn`` or ``python -m saturn_snn``."""

import sys

from . import _saturn


def main() -> int:
    """Run the program on the arguments of this process; return its exit code."""
    return _saturn.main(["saturn", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
