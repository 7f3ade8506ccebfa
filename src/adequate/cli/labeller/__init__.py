"""The labeller in the terminal: one key an answer.

question    what is asked, which labels have a digit, which labels match what was typed
press       what a key does: pure, over a small state
screen      a question and its state as lines that fit the terminal
keyboard    single keys from a terminal
desk        between the questions and the store: leases, answers, undo, suggestions
sitting     a person at the keyboard: draw, read a key, do it
"""
