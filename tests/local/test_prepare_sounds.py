"""local/prepare-musan and local/prepare-rirs: corpora in miniature, in the layouts of OpenSLR 17 and 28."""

import numpy as np
import pytest
import soundfile

from diarkit.io.noises import read_sounds
from diarkit.options.augment import SoundOptions


def sound(path, seconds=0.5, channels=1, rate=16000):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(0).uniform(-0.3, 0.3, (int(seconds * rate), channels)), rate)


@pytest.fixture
def musan(tmp_path):
    root = tmp_path / "musan"
    for name in ("music/fma/music-fma-0000", "music/fma/music-fma-0001", "music/jamendo/music-jamendo-0003",
                 "noise/free-sound/noise-free-sound-0000", "noise/sound-bible/noise-sound-bible-0001",
                 "speech/librivox/speech-librivox-0000", "speech/us-gov/speech-us-gov-0002"):
        sound(root / f"{name}.wav", 0.25 * (1 + len(name) % 3))
        (root / name).parent.joinpath("LICENSE").write_text("public domain\n")
    (root / "music/fma/ANNOTATIONS").write_text("music-fma-0000 classical,baroque N Someone\nmusic-fma-0001 pop Y X\n")
    (root / "music/jamendo/ANNOTATIONS").write_text("music-jamendo-0003 rock Y The Band\n")
    (root / "README").write_text("MUSAN\n")
    return root


def lines(path):
    return path.read_text().splitlines()


def test_musan(run_tool, root, musan, tmp_path):
    done = run_tool(root / "local/prepare-musan", musan, tmp_path / "data")
    assert "3 recordings of music done, 0 failed" in done.stderr
    data = tmp_path / "data"
    assert sorted(folder.name for folder in data.iterdir()) == ["musan_music", "musan_noise", "musan_speech"]
    assert lines(data / "musan_music/wav.scp") == [
        f"music-fma-0000 {musan}/music/fma/music-fma-0000.wav", f"music-fma-0001 {musan}/music/fma/music-fma-0001.wav",
        f"music-jamendo-0003 {musan}/music/jamendo/music-jamendo-0003.wav"]
    assert lines(data / "musan_noise/reco2dur") == ["noise-free-sound-0000 0.75", "noise-sound-bible-0001 0.5"]
    for kind in ("music", "noise", "speech"):
        run_tool("validate-data-dir", "--no-feats", "--no-text", data / f"musan_{kind}")
    sources = read_sounds(SoundOptions(music=f"{data}/musan_music", speech=f"{data}/musan_speech"))
    assert [len(source) for source in sources["music"] + sources["speech"]] == [3, 2]
    run_tool(root / "local/prepare-musan", "--no-use-vocals", musan, tmp_path / "data")
    assert [line.split()[0] for line in lines(data / "musan_music/utt2spk")] == ["music-fma-0000"]


@pytest.mark.parametrize(("break_it", "message"), [
    (lambda root: (root / "noise").rename(root / "noises"), "musan: no folder noise in it"),
    (lambda root: [path.unlink() for path in root.glob("speech/*/*.wav")], "musan/speech: no recordings in it"),
    (lambda root: sound(root / "music/x/music-fma-0000.wav"), "music-fma-0000.wav: music-fma-0000 is there twice"),
    (lambda root: (root / "music/fma/ANNOTATIONS").write_text("x pop\n"), "ANNOTATIONS:1: <name> <genres>"),
    (lambda root: sound(root / "music/fma/a b.wav"), "fma/a b.wav: blanks cannot be in the key of a list"),
    (lambda root: [path.unlink() for path in root.glob("music/*/ANNOTATIONS")], "musan/music: no ANNOTATIONS in it"),
    (lambda root: (root / "music/fma/music-fma-0000.wav").write_text("hello"), "music-fma-0000.wav: not audio"),
])
def test_a_musan_that_is_damaged(run_tool, root, musan, tmp_path, break_it, message):
    break_it(musan)
    done = run_tool(root / "local/prepare-musan", "--use-vocals=false", musan, tmp_path / "data", status=1)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "data/musan_music").exists()


@pytest.fixture
def rirs(tmp_path):
    """Under another name than it has in its lists."""
    root = tmp_path / "slr28"
    for size in ("small", "medium"):
        table = []
        for number in (1, 2):
            place = f"simulated_rirs/{size}room/Room00{number}/Room00{number}-00001.wav"
            sound(root / place, 0.25)
            table.append(f"--rir-id {size}-Room00{number}-00001 --room-id {size}-Room00{number} RIRS_NOISES/{place}\n")
        (root / f"simulated_rirs/{size}room/rir_list").write_text("".join(table))
    sound(root / "real_rirs_isotropic_noises/RWCP_type1_rir_cirline_ofc_imp_rev.wav", 0.25, channels=8)
    (root / "real_rirs_isotropic_noises/rir_list").write_text(
        "--rir-id 00001 --room-id RWCP_ofc "
        "RIRS_NOISES/real_rirs_isotropic_noises/RWCP_type1_rir_cirline_ofc_imp_rev.wav\n")
    sound(root / "pointsource_noises/noise-free-sound-0000.wav")
    (root / "pointsource_noises/noise_list").write_text(
        "--noise-id noise-free-sound-0000 --noise-type point-source --bg-fg-type background "
        "RIRS_NOISES/pointsource_noises/noise-free-sound-0000.wav\n")
    return root


def test_rirs(run_tool, root, rirs, tmp_path):
    data = tmp_path / "data"
    done = run_tool(root / "local/prepare-rirs", rirs, data)
    assert "2 recordings of rirs_mediumroom done, 0 failed" in done.stderr
    assert sorted(folder.name for folder in data.iterdir()) == [
        "noise_pointsource", "rirs_mediumroom", "rirs_real", "rirs_smallroom"]
    assert lines(data / "rirs_smallroom/wav.scp") == [
        f"small-Room00{number}-00001 {rirs}/simulated_rirs/smallroom/Room00{number}/Room00{number}-00001.wav"
        for number in (1, 2)]
    assert lines(data / "rirs_real/reco2dur") == ["00001 0.25"]
    assert lines(data / "noise_pointsource/utt2spk") == ["noise-free-sound-0000 noise-free-sound-0000"]
    run_tool("validate-data-dir", "--no-feats", "--no-text", data / "rirs_mediumroom")
    sources = read_sounds(SoundOptions(rirs=f"{data}/rirs_smallroom,{data}/rirs_real"))["rirs"]
    assert [len(source) for source in sources] == [2, 1]
    sound(tmp_path / "talk.wav", 1)
    (tmp_path / "talk.scp").write_text(f"talk {tmp_path}/talk.wav\n")
    run_tool("augment-audio", "--kinds=reverb+noise", f"--rirs={data}/rirs_smallroom,{data}/rirs_real",
             f"--noise={data}/noise_pointsource", tmp_path / "talk.scp", tmp_path / "out")
    assert soundfile.info(tmp_path / "out/wav/talk-reverb-noise.flac").frames == 16000


@pytest.mark.parametrize(("text", "message"), [
    ("--rir-id a RIRS_NOISES/x.wav extra\n", "rir_list:1: --rir-id <name> --room-id <room> <path> expected"),
    ("--room-id a RIRS_NOISES/x.wav\n", "rir_list:1: --rir-id <name>"),
    ("--rir-id a --room-id b R/x.wav\n--rir-id a --room-id b R/x.wav\n", "rir_list:2: 'a' is there twice"),
    ("\n", "rir_list: is empty"),
    ("--rir-id a --room-id b RIRS_NOISES/none.wav\n", "slr28/none.wav: no such file"),
])
def test_lists_of_rirs_that_are_damaged(run_tool, root, rirs, tmp_path, text, message):
    (rirs / "simulated_rirs/smallroom/rir_list").write_text(text)
    done = run_tool(root / "local/prepare-rirs", rirs, tmp_path / "data", status=1)
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "data/rirs_smallroom").exists()


def test_a_corpus_runs_no_commands(run_tool, root, rirs, tmp_path):
    (rirs / "simulated_rirs/smallroom/rir_list").write_text("--rir-id a --room-id b R/;touch${IFS}x;|\n")
    done = run_tool(root / "local/prepare-rirs", rirs, tmp_path / "data", status=1, cwd=tmp_path)
    assert "a: commands in tables do not run" in done.stderr and not (tmp_path / "x").exists()


def test_a_folder_that_is_no_rirs_noises(run_tool, root, tmp_path):
    done = run_tool(root / "local/prepare-rirs", tmp_path, tmp_path / "data", status=1)
    assert "none of its lists is there, such as simulated_rirs/smallroom/rir_list" in done.stderr
