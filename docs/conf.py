from __future__ import annotations

from jupyter_wayang import __version__

project = "jupyter-wayang"
author = "The jupyter-wayang contributors"
copyright = "The jupyter-wayang contributors. Apache License 2.0"
release = version = __version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]  # a cell of the language is shown as Python, which it is not quite

html_theme = "furo"
html_title = "jupyter-wayang"
nitpicky = True
