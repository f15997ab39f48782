"""The page as text; what it does in a browser is in tests/browser."""

import base64
import configparser
import fnmatch
import hashlib
import html.parser
import json
import re

import numpy as np
import pytest

from diarkit.drawing.comparison import compare
from diarkit.drawing.page import SCRIPTS, packed, page
from diarkit.drawing.timeline import timelines
from diarkit.io.rttm import Turn
from diarkit.scoring.der import Errors

HOSTILE = ["</script><script>alert(1)</script>", "<!--<script>", "{{script}}", "\"'&amp;`",
           "\u2028\U0001f600\u202e\u05d0"]


class Parts(html.parser.HTMLParser):
    """[(element, attributes, text)] of the scripts and styles, and the attributes of all elements."""

    def __init__(self, text):
        super().__init__(convert_charrefs=False)
        self.found, self.everything, self.open = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.everything.append((tag, dict(attributes)))
        self.open = tag in ("script", "style")
        if self.open:
            self.found.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self.open:
            self.found[-1][2] += data

    def handle_endtag(self, tag):
        self.open = False


def two_sides(names, reco="m"):
    ref = [Turn(reco, "1", 2.0 * n, 1.5, name) for n, name in enumerate(names)]
    return compare(ref, [turn._replace(speaker=turn.speaker + "'") for turn in ref[1:]])


def data_of(text):
    [data] = [content for _, attributes, content in Parts(text).found if attributes.get("id") == "data"]
    return json.loads(data)


def test_the_data_can_be_unpacked():
    score, found = compare(
        [Turn("m", "1", 0.5, 2.0, "A"), Turn("m", "1", 4.0, 1.0, "B"), Turn("m", "1", 6.0, 0.25, "A")],
        [Turn("m", "1", 0.5, 2.5, "x"), Turn("n", "1", 0.0, 1.0, "y")])
    data = data_of(page(found, "the protocol", score.total))
    assert data["protocol"] == "the protocol" and data["reference"] is True
    assert data["total"] == {"der": "53.85", "scored": 3.25, "kinds": [1.25, 0.5, 0]}
    m, n = data["recordings"]
    assert (m["name"], m["end"], m["hyp"]) == ("m", 6250, [["x", [500, 2500], 0]])
    assert m["ref"] == [["A", [500, 2000, 5500, 250]], ["B", [4000, 1000]]]
    assert m["unscored"] == [0, 500]
    assert m["who"] == [[[], [0]], [[1], []], [[0], []]]
    assert m["errors"] == [1, 2500, 500, 1, 0, 0, 1500, 1000, 1, 1, 0, 2000, 250, 1, 2]
    assert n["score"] is None and n["errors"] == [] and n["unscored"] == [0, 1000]


def test_der_is_the_text_of_compute_der():
    def der(**seconds):
        data = data_of(page([], "", Errors(**seconds)))
        return data["total"]["der"]

    assert der(scored=8.0, missed=0.25, confusion=0.0001) == "3.13"
    assert der(scored=3.0, missed=2.0) == "66.67"
    assert der() is None


def test_names_are_only_ever_data():
    score, found = two_sides(HOSTILE, reco=HOSTILE[0])
    text = page(found, HOSTILE[0], score.total)
    parts = Parts(text)
    kinds = [(tag, attributes.get("type"), attributes.get("id")) for tag, attributes, _ in parts.found]
    assert kinds == [("style", None, None), ("script", "application/json", "data"), ("script", None, None)]
    [item] = data_of(text)["recordings"]
    assert item["name"] == HOSTILE[0] and [name for name, _ in item["ref"]] == [*HOSTILE[1:], HOSTILE[0]]
    assert text.count(HOSTILE[0]) == 0


def test_nothing_is_loaded_and_only_our_script_may_run():
    text = page(two_sides("ab")[1])
    parts = Parts(text)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|\beval\b|fetch\(", text)
    [policy] = [attributes["content"] for tag, attributes in parts.everything if attributes.get("http-equiv")]
    hashes = {kind: re.search(rf"{kind}-src 'sha256-([^']+)'", policy)[1] for kind in ("script", "style")}
    for tag, attributes, content in parts.found:
        if not attributes:
            assert hashes[tag] == base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';") and "connect-src" not in policy and "file:" not in policy
    for _, attributes in parts.everything:
        assert not {"src", "href", "onclick", "onload", "style"} & set(attributes)


def test_sound_in_the_page_or_beside_it():
    found = two_sides("ab")[1]
    text = page(found, sounds={"m": ("audio/wav", b"RIFF1234")})
    assert data_of(text)["recordings"][0]["sound"] == "#sound-0"
    [sound] = [part for part in Parts(text).found if part[1].get("id") == "sound-0"]
    assert sound[1]["data-kind"] == "audio/wav" and base64.b64decode(sound[2]) == b"RIFF1234"
    linked = page(found, sounds={"m": "./a.wav"})
    assert data_of(linked)["recordings"][0]["sound"] == "./a.wav"
    assert "media-src data: blob: 'self' file:" in linked and "media-src data: blob:;" in text


def test_without_a_reference():
    data = data_of(page(timelines([Turn("m", "1", 0.0, 1.0, "x")])))
    assert data["reference"] is False and data["total"] is None
    assert "errors" not in data["recordings"][0] and data["recordings"][0]["hyp"] == [["x", [0, 1000], -1]]


def test_all_files_of_the_page_are_used_and_installed(root):
    setup = configparser.ConfigParser()
    setup.read(root / "setup.cfg")
    patterns = setup["options.package_data"]["diarkit.drawing"].replace(",", " ").split()
    beside = {path.name for path in (root / "diarkit/drawing").iterdir() if path.suffix not in (".py", ".pyc", "")}
    assert beside == {"page.html", "page.css", *SCRIPTS}
    assert all(any(fnmatch.fnmatch(name, pattern) for pattern in patterns) for name in beside)


@pytest.mark.parametrize("seed", range(3))
def test_packed_times_do_not_drift(seed):
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.uniform(0, 40000, 4000))
    flat = np.array(packed((edges[::2], edges[1::2]))).reshape(-1, 2)
    starts = np.cumsum(flat[:, 0])
    assert np.abs(starts - 1000 * edges[::2]).max() <= 0.5
    assert np.abs(starts + flat[:, 1] - 1000 * edges[1::2]).max() <= 0.5


def test_an_hour_is_less_than_a_megabyte():
    rng = np.random.default_rng(0)
    ref = [Turn("m", "1", float(start), float(length), f"s{who}") for start, length, who in
           zip(np.sort(rng.uniform(0, 3600, 2000)), rng.gamma(2, 1, 2000), rng.integers(0, 6, 2000), strict=True)]
    hyp = [turn._replace(start=max(turn.start + rng.normal(0, 0.2), 0), speaker=f"h{rng.integers(0, 6)}")
           for turn in ref]
    score, found = compare(ref, hyp)
    assert len(page(found, "", score.total).encode()) < 400_000
