"""Which board this is: what can be seen of it, which known board that fits, what the kernel lacks.

Nothing here writes to a bus or guesses. The profiles themselves, which are settings, are in
`edgevoice/boards/`.
"""
