"""Simulated rooms: the image method in a box (Allen and Berkley 1979), by pyroomacoustics."""

from importlib.util import find_spec

import numpy as np

from diarkit.errors import DataError

WIDTHS, HEIGHTS = (3.0, 10.0), (2.5, 4.0)  # m
RT60 = (0.15, 0.6)  # s
DISTANCES = (0.3, 3.0)  # m, from the mouth to the microphone
FROM_WALLS = 0.3  # m
SEED = 20190915  # a room of a number is the same in every run


class Shoeboxes:
    """Impulse responses of a number of rooms, computed when they are asked for first, and kept.

    Raises DataError if pyroomacoustics is not installed.
    """

    def __init__(self, count, sample_frequency):
        if find_spec("pyroomacoustics") is None:
            raise DataError("simulated rooms need pyroomacoustics: pip install 'diarkit[rooms]'")
        self.count = count
        self.rate = sample_frequency
        self.kept = {}

    def draw(self, rng):
        """The impulse response of one of the rooms, (M,) float32."""
        number = int(rng.integers(self.count))
        if number not in self.kept:
            self.kept[number] = response(*draw_room(np.random.default_rng([SEED, number])), self.rate)
        return self.kept[number]


def draw_room(rng):
    """A room's size (3,) in m, RT60 in s, and the places (3,) of mouth and microphone."""
    size = np.array([*rng.uniform(*WIDTHS, 2), rng.uniform(*HEIGHTS)])
    rt60 = rng.uniform(*RT60)
    distance = rng.uniform(*DISTANCES)
    low, high = FROM_WALLS, size - FROM_WALLS
    while True:
        mouth = rng.uniform(low, high)
        direction = rng.standard_normal(3)
        microphone = mouth + distance * direction / np.linalg.norm(direction)
        if np.all(microphone >= low) and np.all(microphone <= high):
            return size, float(rt60), mouth, microphone


def response(size, rt60, mouth, microphone, rate):
    """The impulse response from mouth to microphone: (M,) float32."""
    import pyroomacoustics as acoustics

    acoustics.constants.set("num_threads", 1)  # their number would change the last bits
    absorption, order = acoustics.inverse_sabine(rt60, size)
    room = acoustics.ShoeBox(size, fs=rate, materials=acoustics.Material(absorption), max_order=order)
    room.add_source(mouth)
    room.add_microphone(microphone)
    room.compute_rir()
    return room.rir[0][0].astype(np.float32)
