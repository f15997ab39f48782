"""The folder of a training: what is kept in it, what is said, and which checkpoints are gone on from."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

from diarkit.cli import messages
from diarkit.cli.training import TrainingFolder, differences, held_out_names, hushed
from diarkit.errors import DataError, UsageError
from diarkit.options.training import HeldOutOptions, RunOptions

ROW = {"epoch": 1, "loss": 2.5, "accuracy": 12.0, "held_out_eer": None, "learning_rate": 0.1, "seconds": 3.0,
       "examples_per_second": 7.0}
SETTINGS = {"loss": "softmax", "margin": None, "augment": False, "utterances": "12ab"}


def record(path, settings=SETTINGS, leads=True, **options):
    return TrainingFolder(path / "model", settings, RunOptions(**options), lambda history: b"<svg>", leads)


def test_goes_on_from_what_was_saved(tmp_path, capsys):
    arrays, state = {"a": np.ones(3, "f4")}, {"epoch": 4, "step": 7}
    record(tmp_path).save(arrays, state)
    found = []
    record(tmp_path).resume(lambda arrays, state: found.append((arrays["a"].tolist(), state)))
    assert found == [([1, 1, 1], state)]
    assert "checkpoint.safetensors: 4 epochs and 7 steps are done" in capsys.readouterr().err
    record(tmp_path, restart=True).resume(lambda *_: pytest.fail("it was to begin anew"))
    with pytest.raises(UsageError, match=r"with other --augment \(false, not true\); --restart begins anew"):
        record(tmp_path, {**SETTINGS, "augment": True}).resume(found.append)
    with pytest.raises(UsageError, match="with other utterances;"):
        record(tmp_path, {**SETTINGS, "utterances": "34cd"}).resume(found.append)

    def refuse(arrays, state):
        raise DataError("of another training")

    with pytest.raises(DataError, match="checkpoint.safetensors: of another"):
        record(tmp_path).resume(refuse)
    (tmp_path / "model/checkpoint.safetensors").write_bytes(b"no")
    with pytest.raises(DataError, match="not a checkpoint"):
        record(tmp_path).resume(found.append)
    assert len(found) == 1


def test_what_is_other():
    assert differences({"a": 1, "b_c": None}, {"a": 1, "b_c": None}) == []
    assert differences(None, {"a": 1}) == ["--a (none, not 1)"]
    assert differences({"a": 1, "b_c": 0.2}, {"a": 1, "d": ""}) == ["--b-c (0.2, not none)", "--d (none, not none)"]


def test_log_and_picture(tmp_path, capsys):
    folder = record(tmp_path)
    epoch = SimpleNamespace(**ROW)
    folder.on_epoch(epoch, 9, [ROW])
    assert "epoch 1 of 9: loss 2.5000, 12.00 % right, learning rate 0.1, 3.0 s, 7.0 ex" in capsys.readouterr().err
    head, row = (tmp_path / "model/log.tsv").read_text().splitlines()
    assert dict(zip(head.split("\t"), row.split("\t"), strict=True)) == {
        "epoch": "1", "loss": "2.5", "accuracy": "12", "held_out_eer": "", "learning_rate": "0.1", "seconds": "3",
        "examples_per_second": "7"}
    assert not (tmp_path / "model/training.svg").exists()
    folder.drawn -= 1000
    folder.on_epoch(epoch, 9, [ROW])
    assert (tmp_path / "model/training.svg").read_bytes() == b"<svg>"


def test_when_a_checkpoint_is_due_and_when_to_stop(tmp_path):
    saved = []
    folder = record(tmp_path, checkpoint_minutes=1, max_minutes=2)
    assert folder.on_step(0.1, lambda: saved.append(1)) is False and not saved
    folder.saved -= 61
    assert folder.on_step(0.1, lambda: saved.append(1)) is False and saved == [1]
    folder.started = time.monotonic() - 121
    assert folder.on_step(0.1, lambda: None) is True


def test_of_several_workers_one_writes_and_speaks(tmp_path, capsys):
    folder = record(tmp_path, leads=False)
    with hushed(True):
        folder.on_epoch(SimpleNamespace(**ROW), 9, [ROW])
        messages.log("something")
    assert not (tmp_path / "model").exists() and capsys.readouterr().err == ""
    messages.log("after all")
    assert "after all" in capsys.readouterr().err


def test_who_is_held_out(tmp_path):
    assert held_out_names(HeldOutOptions(dev_speakers="30")) is None
    assert held_out_names(HeldOutOptions(dev_speakers="5%")) is None
    (tmp_path / "list").write_text("s1\ns2 and more\n")
    assert held_out_names(HeldOutOptions(dev_speakers=str(tmp_path / "list"))) == ["s1", "s2"]
    with pytest.raises(DataError, match="no such file"):
        held_out_names(HeldOutOptions(dev_speakers="thirty"))
