"""Hypothesis without deadlines: no test of this room asserts a duration."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
