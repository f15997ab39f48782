"""Augmentation: the same speech with noise, music or babble, in a room, through a telephone, faster or masked.

All randomness comes from the numpy Generator that is passed in; samples are float32 on the int16 scale.
"""
