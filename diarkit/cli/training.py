"""What train-xvector reads, keeps in its folder while it trains (checkpoint, log, picture), and says."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

# Before torch comes: its threads would wait for each other by counting, which takes a third of the processors' time.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# ruff: noqa: E402 - these come after what has to be set first
from diarkit.cli import messages
from diarkit.cli.counting import Tally
from diarkit.cli.messages import Progress, log
from diarkit.errors import DataError, UsageError

CHECKPOINT, LOG, PICTURE = "checkpoint.safetensors", "log.tsv", "training.svg"
UTTERANCES = "utterances"  # among the settings, what tells these from others
PICTURE_EVERY = 60.0  # s
COLUMNS = ("epoch", "loss", "accuracy", "held_out_eer", "learning_rate", "seconds", "examples_per_second")


@contextmanager
def hushed(hush):
    """Nothing is said inside, if told so: of several workers one says what all have to say. Errors are, at the end."""
    before, messages.hushed = messages.hushed, hush
    try:
        yield
    finally:
        messages.hushed = before


def take_in(corpus, utterances, utt2spk):
    """Add the utterances of known speakers to a corpus; one that does not do is told and passed."""
    from diarkit.io.lists import read_lists

    speakers = read_lists(utt2spk, count=1)
    with Tally("utterances") as tally:
        for utt, sound in tally.over(utterances):
            with tally.item(utt):
                if utt not in speakers:
                    raise DataError(f"not in {utt2spk}")
                corpus.add(utt, speakers.pop(utt)[0], sound)
        for utt in speakers:
            if utt not in tally.told:
                tally.fail(utt, f"in {utt2spk}, and no such utterance")


def held_out_names(opts):
    """The speakers that a file names to be held out; None if --dev-speakers is a number. opts : HeldOutOptions"""
    from diarkit.io.lists import read_lists

    return list(read_lists(opts.dev_speakers)) if opts.dev_count(0) is None else None


class TrainingFolder:
    """The folder of a training.

    Parameters
    ----------
    folder : which is made
    settings : all that decides what comes out, by the names of options; a checkpoint of others is refused
    opts : RunOptions
    picture : function of the history of epochs to the bytes of a picture
    leads : whether this process writes, and says how it goes
    """

    def __init__(self, folder, settings, opts, picture, leads=True):
        self.folder, self.settings, self.opts, self.picture, self.leads = Path(folder), settings, opts, picture, leads
        self.started = self.saved = self.drawn = time.monotonic()
        self.progress = Progress("steps", total=1.0)
        if leads:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(f".{CHECKPOINT}.*.tmp"):  # by one that was killed while it wrote: it is large
                left.unlink(missing_ok=True)

    def resume(self, load):
        """Hand the checkpoint to `load`, if there is one and it is to go on from; says so.

        load : function of arrays and state. Raises UsageError if it was made with other settings.
        """
        from diarkit.io.checkpoints import read_checkpoint

        path = self.folder / CHECKPOINT
        if self.opts.restart or not path.exists():
            return
        arrays, state = read_checkpoint(path)
        if odd := differences(state.get("settings"), self.settings):
            raise UsageError(f"{path} is of a training with other {odd[0]}; --restart begins anew")
        try:
            load(arrays, state["state"])
            where = f"{state['state']['epoch']} epochs and {state['state']['step']} steps are done"
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(str(error), where=path) from None
        if self.leads:
            log(f"goes on from {path}: {where}")

    def train(self, trainer, pack):
        """Run a trainer to its end, with checkpoints; pack : gives (arrays, state) of it as it is then."""
        def save():
            if self.leads:
                self.save(*pack())

        def on_epoch(epoch):
            self.on_epoch(epoch, trainer.opts.epochs, trainer.state.history)
            save()

        trainer.train(on_epoch, lambda part: self.on_step(part, save))
        if trainer.stopped:
            save()
            if self.leads:
                log(f"stopped after {self.opts.max_minutes:g} minutes; the same command goes on from here")

    def finish(self, trainer, name, error):
        """Say which weights were taken, and draw the last picture."""
        log(f"{self.folder}: weights of {name}" + ("" if error is None else f", held-out EER {error:.2f} %"))
        self.draw(trainer.state.history)

    def save(self, arrays, state):
        from diarkit.io.checkpoints import write_checkpoint

        write_checkpoint(self.folder / CHECKPOINT, arrays, {"settings": self.settings, "state": state})
        self.saved = time.monotonic()

    def on_epoch(self, epoch, of, history):
        """After an epoch: one line, the log, and the picture if it is an old one."""
        if not self.leads:
            return
        error = "" if epoch.held_out_eer is None else f"held-out EER {epoch.held_out_eer:.2f} %, "
        log(f"epoch {epoch.epoch} of {of}: loss {epoch.loss:.4f}, {epoch.accuracy:.2f} % right, {error}learning rate"
            f" {epoch.learning_rate:.3g}, {epoch.seconds:.1f} s, {epoch.examples_per_second:.1f} examples/s")
        self.write_log(history)
        if time.monotonic() - self.drawn > PICTURE_EVERY:
            self.draw(history)

    def write_log(self, history):
        from diarkit.io.streams import open_text_output

        with open_text_output(str(self.folder / LOG)) as file:
            file.write("\t".join(COLUMNS) + "\n")
            for row in history:
                file.write("\t".join("" if row[name] is None else f"{row[name]:.6g}" for name in COLUMNS) + "\n")

    def draw(self, history):
        from diarkit.io.streams import open_output

        if history:
            with open_output(str(self.folder / PICTURE)) as file:
                file.write(self.picture(history))
            self.drawn = time.monotonic()

    def on_step(self, part, save):
        """After a step: progress, a checkpoint when it is time for one; whether to stop."""
        if not self.leads:
            return False
        self.progress.show(part)
        now = time.monotonic()
        if now - self.saved > 60 * self.opts.checkpoint_minutes:
            save()
        return bool(self.opts.max_minutes) and now - self.started > 60 * self.opts.max_minutes


def differences(old, new):
    """What is not the same in two settings, as words to be shown: `--learning-rate (0.1, not 0.2)`."""
    old = old if isinstance(old, dict) else {}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ["utterances" if name == UTTERANCES else
            f"--{name.replace('_', '-')} ({shown(old.get(name))}, not {shown(new.get(name))})" for name in names]


def shown(value):
    return "none" if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)
