"""Changes of an input that a model should bear, each with one level in [0, 1]: `aq.perturb`.

operator: what a perturbation is. lexicons: words that templates and perturbations put in.
"""

from __future__ import annotations

from adequate.perturb.lexicons import lexicon
from adequate.perturb.operator import Effect, Perturbation
from adequate.perturb.text import swap_letters

__all__ = ["Effect", "Perturbation", "lexicon", "swap_letters"]
