"""Whom the board tells of itself: Home Assistant, Prometheus, programs of the owner's.

Each neighbour is optional, off by default, and on its own: what goes wrong with one touches
neither the others nor the conversation. What was said never comes here.
"""
