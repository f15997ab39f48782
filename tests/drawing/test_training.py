"""The picture of a training."""

from diarkit.drawing.training import training_picture

HISTORY = [{"epoch": n, "loss": 5 / n, "held_out_eer": 30 / n} for n in (1, 2, 3)]


def test_picture():
    found = training_picture(HISTORY)
    assert found == training_picture(HISTORY)
    assert found.startswith(b"<?xml") and found != training_picture(HISTORY[:2])
    assert training_picture(HISTORY, "png").startswith(b"\x89PNG")
    alone = training_picture([{**row, "held_out_eer": None} for row in HISTORY])
    assert len(alone) < len(found)
