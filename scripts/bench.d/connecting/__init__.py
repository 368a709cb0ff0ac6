"""The ends of `scripts/bench link`: a process each, since our changes to aiortc are process-wide.

An end is told what to do by lines on its standard input, and says what happened in
lines of JSON on its standard output: neither takes the way that is measured.
"""
