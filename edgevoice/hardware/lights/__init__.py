"""What shows the owner the state: one LED, a chain or ring of them, or lines on the console.

`colours` and `motions` and `scene` are pure and say what a moment looks like; `player`
shows it, frame by frame; the other files each drive one kind of LED. `drivers` chooses
by configuration. What is shown when is decided elsewhere: `transceiver/indication.py`,
and `daemon/gate_light.py` for an open gate.
"""
