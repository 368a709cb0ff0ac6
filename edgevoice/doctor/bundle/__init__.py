"""`edgevoice doctor --bundle`: what helps somebody else to find out what is wrong, and no more."""
