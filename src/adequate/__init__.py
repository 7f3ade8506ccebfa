"""adequate: a data engine for models.

Project, Target: what `project.py` declares.
"""

from __future__ import annotations

from adequate.spec import Project, Target

__version__ = "0.1.0"
__all__ = ["Project", "Target", "__version__"]
