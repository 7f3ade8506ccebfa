"""The network, as far as several parts need it alike: where a server listens, and what is sent to an address."""
