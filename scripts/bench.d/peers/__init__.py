"""edgevoice next to what a user would pick instead: one machine, one run, the same recordings.

Peers live in environments of their own (`environments.py`) and are driven from outside:
by their commands, the Wyoming protocol, or WebRTC. `ends/` is what runs as a process.
"""
