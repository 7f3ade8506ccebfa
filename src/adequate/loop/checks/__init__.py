"""Tests that need no gold labels, run against a model: behaviours, suites, assertions.

run: all that a project declares, against one subject. changes: behaviours that change examples. cases: behaviours and
suites that bring their own. report: what came of it, for people and machines.
"""
