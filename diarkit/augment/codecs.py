"""Codecs at the rates that they have: G.711 (mu-law, A-law) and GSM 6.10 of telephones, Opus, MP3 and Vorbis."""

from diarkit.augment.speeds import at_rate

SPEECH_RATES = (8000, 12000, 16000, 24000, 48000)
MUSIC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
RATES = {"mulaw": (8000,), "alaw": (8000,), "gsm": (8000,), "opus": SPEECH_RATES, "mp3": MUSIC_RATES,
         "vorbis": MUSIC_RATES}  # Hz
# Of compression, from light to heavy, at 16 kHz: Opus about 30 to 8 kbit/s, MP3 46 to 29, Vorbis 51 to 35.
LEVELS = {"opus": (0.9, 1.0), "mp3": (0.5, 0.9), "vorbis": (0.5, 1.0)}


def coded(samples, rate, name, coder, rng):
    """Samples through a codec, at its rate and back; (N,) float32, as many out.

    Parameters
    ----------
    rate : Hz, of the samples; the codec runs at its highest rate that is not above it, else at its lowest
    name : one of RATES
    coder : coder(samples, rate, name, level) -> samples, such as diarkit.io.soundfiles.through_codec
    """
    rates = RATES[name]
    own = max((each for each in rates if each <= rate), default=rates[0])
    level = float(rng.uniform(*LEVELS[name])) if name in LEVELS else 0.0
    return at_rate(coder(at_rate(samples, rate, own), own, name, level), own, rate)[: len(samples)]
