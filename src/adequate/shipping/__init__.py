"""The smallest model that is still adequate: edits of the encoder, students, and the search over them."""
