"""Answers over HTTP and streams: load a bundle, batch, record, shadow, trigger."""
