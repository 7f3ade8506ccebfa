"""Is what runs out there still adequate? Rates, drift, estimates, alerts: pure, arrays and tables in, values out."""
