import json
import os

import pytest

from diarkit.errors import DataError
from diarkit.io.scorefiles import looks_like_scores, read_scores

GOOD = {"protocol": {"scorer": "md-eval"}, "overall": {"der": 12.5, "scored": 8},
        "files": {"r1": {"der": 12.5, "scored": 8, "miss": 1, "fa": 0, "conf": 0.0, "ref_speakers": 2,
                         "hyp_speakers": 1, "mapping": {}}}}


def changed(**values):
    content = json.loads(json.dumps(GOOD))
    content["files"]["r1"].update(values)
    return json.dumps(content)


def test_what_compute_der_writes(tmp_path):
    (tmp_path / "a").write_text("\ufeff" + json.dumps(GOOD, indent=1), encoding="utf-8")
    found = read_scores(str(tmp_path / "a"))
    assert found.protocol == {"scorer": "md-eval"} and found.der == 12.5
    assert found.files == {"r1": {"scored": 8, "miss": 1, "fa": 0, "conf": 0, "ref_speakers": 2, "hyp_speakers": 1}}


@pytest.mark.parametrize("text, message", [
    ("", ":1: not JSON"), ("{\n\n]", ":3: not JSON"), ("[" * 100000, ": not JSON"), ("[]", "no \"protocol\""),
    ('{"protocol": {}, "files": []}', "no \"protocol\" or \"files\""),
    ('{"protocol": {}, "files": {}, "overall": {"der": null}}', "no DER"),
    (changed(miss=-1), ": r1: \"miss\""), (changed(fa=None), "\"fa\""), (changed(conf="1"), "\"conf\""),
    (changed(scored=True), "\"scored\""), (changed(ref_speakers="A"), "ref_speakers"),
    (changed(miss=1).replace('"miss": 1', '"miss": NaN'), "NaN in it"),
    (changed(miss=1).replace('"miss": 1', '"miss": 1e999'), "\"miss\""),
    (changed(miss=1).replace('"miss": 1', '"miss": 1' + "0" * 5000), ": not JSON|\"miss\""),
    (changed(miss=1).replace('"fa"', '"miss"'), "'miss' is there twice"),
    (json.dumps(GOOD).replace('{"r1": {', '{"r1": 3, "r2": {'), ": r1: no scores"),
])
def test_what_is_refused(tmp_path, text, message):
    (tmp_path / "a").write_text(text)
    with pytest.raises(DataError, match=f"{tmp_path}/a.*({message})"):
        read_scores(str(tmp_path / "a"))


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff\xfe{\x00")
    with pytest.raises(DataError, match="/a: not JSON"):
        read_scores(str(tmp_path / "a"))


def test_what_looks_like_scores(tmp_path):
    texts = {"json": ' \n{"a": 1}', "bom": "\ufeff{", "rttm": "SPEAKER x", "x.json": "", "empty": ""}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert looks_like_scores(str(tmp_path / name)) == (name in ("json", "bom", "x.json"))
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path / "pipe", tmp_path, tmp_path / "nowhere", "-", "a\0b"):
        assert not looks_like_scores(str(name))
