"""What holds for every test: Hypothesis tries the same examples in every run, and a slow machine is no fault.

`pytest --hypothesis-profile=default` looks for new ones.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("adequate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("adequate")
