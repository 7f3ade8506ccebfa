"""From an accepted model to a release: the smallest and the fastest bundle that the gate finds no worse.

material     what candidates are made of: texts that nobody sealed, and what the model says of them
make         a recipe becomes a bundle; its size and its speed
screen       what can be known of a candidate without the gate
journal      what was tried, so that a search goes on where it was
confirm      the gate: the only one that may say "adequate"
run          the search, and the release at its end
report       the answer, for people and programs
draw         the frontier as a picture
"""
