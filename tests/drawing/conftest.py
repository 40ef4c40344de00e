"""The plans of these tests are a module beside them: ``from drawing import plans``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
