"""Ends for `relay.py`: many callers in one process, who cost little and measure when they hear."""
