"""Watching production: from what servers recorded and what the model was tested on to one value that is shown.

traffic     counts by the hour, and a bounded uniform sample of rows
reference   what the model answered for examples that it didn't learn from
inputs      vectors of sampled texts, and whether they drift
labels      which sampled rows people have answered
watch       Watch: the value, and its JSON
looking     Looking: puts it together; look again and only what is new is read
told        since when each alert holds, and who was told
"""
