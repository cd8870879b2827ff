"""`python -m sinter_xla`."""

import sys

from .cli import main

sys.exit(main())
