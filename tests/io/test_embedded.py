import pytest

from diarkit.errors import DataError, UsageError
from diarkit.io.embedded import KINDS, link_to, read_sound, sounds_for
from diarkit.options.drawing import PlotOptions

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


@pytest.fixture
def sounds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sounds").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "sounds" / f"{name}.wav").write_bytes(WAV + name.encode())
    (tmp_path / "wav.scp").write_text("a sounds/b.wav\nb echo |\nz sounds/c.wav\n")
    return tmp_path


def options(audio, **others):
    return PlotOptions(audio=audio, **others)


def test_a_file_of_the_only_recording(sounds):
    assert sounds_for(options("sounds/a.wav"), "-", ["meeting"]) == {"meeting": ("audio/wav", WAV + b"a")}
    assert sounds_for(options("sounds/a.wav"), "-", ["a", "b"]) == {"a": ("audio/wav", WAV + b"a")}
    with pytest.raises(DataError, match="no sound of the recordings"):
        sounds_for(options("sounds/a.wav"), "-", ["x", "y"])


def test_a_folder_and_a_list(sounds):
    assert list(sounds_for(options("sounds"), "-", ["c", "a", "x"])) == ["a", "c"]
    assert sounds_for(options("wav.scp"), "-", ["a", "x"]) == {"a": ("audio/wav", WAV + b"b")}
    assert sounds_for(options("scp:wav.scp"), "-", ["z"]) == {"z": ("audio/wav", WAV + b"c")}
    with pytest.raises(DataError, match=r"b: not a file of its own.*echo \|"):
        sounds_for(options("wav.scp"), "-", ["a", "b"])


def test_more_than_there_is_room_for(sounds):
    size = 2 * len(WAV + b"a")
    assert len(sounds_for(options("sounds", max_audio=size / 1e6), "-", ["a", "b"])) == 2
    with pytest.raises(UsageError, match="b.wav: .*--max-audio"):
        sounds_for(options("sounds", max_audio=(size - 1) / 1e6), "-", ["a", "b"])
    assert sounds_for(options("sounds", max_audio=0, link_audio=True), "-", ["a"]) == {"a": "sounds/a.wav"}


def test_links_are_relative_to_the_page_and_quoted(sounds):
    (sounds / "a ' b.wav").write_bytes(WAV)
    assert link_to("a ' b.wav", "-") == "./a%20%27%20b.wav"
    assert link_to("sounds/a.wav", "sounds/page.html") == "./a.wav"
    assert link_to("a ' b.wav", "sounds/page.html") == "../a%20%27%20b.wav"
    with pytest.raises(DataError, match="nowhere.wav: no such file"):
        link_to("nowhere.wav", "-")


def test_kinds_of_files(tmp_path):
    heads = {**{head: kind for head, kind in KINDS.items()}, b"\x00\x00\x00\x20ftypM4A ": "audio/mp4",
             b"\xff\xfb\x90\x64": "audio/mpeg"}
    for head, kind in heads.items():
        (tmp_path / "x").write_bytes(head + bytes(8))
        assert read_sound(str(tmp_path / "x"), 100) == (kind, head + bytes(8))
    for content in (b"", b"NIST_1A\n", b"\xff", b"<script>"):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(DataError, match="x: not WAV"):
            read_sound(str(tmp_path / "x"), 100)
