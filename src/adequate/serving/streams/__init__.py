"""Inputs that keep coming, and where their answers go.

protocol    Source, Sink, Piece: what one has to do to be one (NATS, Kafka and cameras come through the same door)
lines       JSON lines: stdin and stdout, a file, a file that somebody else appends to
redis       Redis Streams: consumer groups, claims after a crash
http        answers posted to an address
run         the loop between the two
addresses   `-`, FILE, redis://HOST/STREAM, http://HOST/PATH -> the source or sink that it means
"""
