import io
import os
import random

import pytest

from diarkit.errors import DataError
from diarkit.io import textinput
from diarkit.io.streams import open_text_input, read_lines
from diarkit.io.textinput import TextInput


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1 << 16])
def test_lines_are_the_same_however_they_are_read(monkeypatch, chunk):
    monkeypatch.setattr(textinput, "CHUNK", chunk)
    rng = random.Random(0)
    for _ in range(60):
        text = "".join(rng.choice(["a", "\u00fc", "\u4e2d", " ", "\t", "\r\n", "\n", "\n", "\r", "x\u2028y"])
                       for _ in range(rng.randrange(12)))
        lines = [line.removesuffix("\r") + "\n" for line in text.split("\n")]
        if not text or text.endswith("\n"):
            del lines[-1]
        for mark in ("", "\ufeff"):
            data = (mark + text).encode()
            if mark and not text:
                continue
            assert list(TextInput(io.BytesIO(data), "x")) == lines
            one = TextInput(io.BytesIO(data), "x")
            assert [one.readline() for _ in lines] == lines and one.readline() == "" and one.line_number == len(lines)
            mixed = TextInput(io.BytesIO(data), "x")
            assert mixed.readline() + mixed.read() == "".join(lines)


def test_only_the_first_byte_order_mark_is_left_out(monkeypatch):
    monkeypatch.setattr(textinput, "CHUNK", 4)
    assert list(TextInput(io.BytesIO("\ufeffa\n\ufeffb\n".encode()), "x")) == ["a\n", "\ufeffb\n"]


@pytest.mark.parametrize("chunk", [1, 5, 1 << 16])
@pytest.mark.parametrize("bad", [b"\xff", b"a\0", b"\x1b[0m", b"caf\xe9"])
def test_what_is_no_text_is_told_by_its_line(monkeypatch, chunk, bad):
    monkeypatch.setattr(textinput, "CHUNK", chunk)
    for before in range(4):
        text = TextInput(io.BytesIO(b"ok\n" * before + bad + b"\nok\n"), "x")
        came = []
        with pytest.raises(DataError, match=f"^x:{before + 1}: not a text file"):
            came.extend(text)
            came.extend(iter(text.readline, ""))
        assert text.line_number == before


def test_a_line_without_an_end(monkeypatch):
    monkeypatch.setattr(textinput, "LONGEST_LINE", 1000)
    monkeypatch.setattr(textinput, "CHUNK", 100)
    assert len(list(TextInput(io.BytesIO(b"a" * 1000), "x"))) == 1
    with pytest.raises(DataError, match="^x:2: .*without an end"):
        list(TextInput(io.BytesIO(b"a\n" + b"a" * 1200), "x"))


def test_a_line_is_given_as_soon_as_it_is_there():
    out, into = os.pipe()
    os.write(into, b"one\ntwo\nthr")
    with open_text_input(f"/dev/fd/{out}") as text:
        assert text.readline() == "one\n" and text.readline() == "two\n"
        os.write(into, b"ee\n")
        assert text.readline() == "three\n"
        os.close(into)
        assert text.readline() == ""
    os.close(out)


def test_many_lines(tmp_path):
    path = tmp_path / "x"
    path.write_text("".join(f"line {i}\n" for i in range(20000)))
    assert list(read_lines(str(path))) == [(i + 1, f"line {i}") for i in range(20000)]
