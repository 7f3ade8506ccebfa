"""Which line of the user's is to blame for what their model raised?"""

from __future__ import annotations

import sysconfig
from pathlib import Path
from traceback import extract_tb

from adequate.spec.blame import PACKAGE, short

LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def line_of(error: BaseException) -> str:
    """(file:line) of the last frame of the traceback that is the user's; "" where none is."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({short(error.filename)}:{error.lineno})"
    for frame in reversed(extract_tb(error.__traceback__)):
        file = frame.filename
        if not file.startswith(("<", PACKAGE, *LIBRARIES)) and "site-packages" not in Path(file).parts:
            return f" ({short(file)}:{frame.lineno})"
    return ""
