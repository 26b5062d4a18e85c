"""`python -m somnia_engine`."""

import sys

from somnia_engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
