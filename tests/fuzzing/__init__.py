"""What reads what others send, or what a broken disk holds, is given all kinds of bytes.

A target is a file in `targets/`: its function `contract` takes bytes and raises where our code
does what it never may. Three things drive it: `scripts/fuzz`, which searches for hours; the
suite, which plays `corpus/TARGET/*` and searches for a moment; and
`scripts/fuzz --reproduce TARGET FILE`, which plays one file.
"""
