"""What holds for every test."""

from hypothesis import settings

# A deadline would measure how busy the machine is.
settings.register_profile("edgevoice", deadline=None)
settings.load_profile("edgevoice")
