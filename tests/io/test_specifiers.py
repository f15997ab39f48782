import pytest

from diarkit.errors import DataError
from diarkit.io.specifiers import RSpecifier, WSpecifier, parse_rspecifier, parse_wspecifier, plain_name


@pytest.mark.parametrize(
    "text, meaning",
    [
        ("ark:-", RSpecifier("ark", "-")),
        ("ark:", RSpecifier("ark", "")),
        ("scp:x.scp", RSpecifier("scp", "x.scp")),
        ("ark,t:x", RSpecifier("ark", "x")),
        ("t,ark:x", RSpecifier("ark", "x")),
        ("ark,s,cs:x", RSpecifier("ark", "x", sorted=True, called_sorted=True)),
        ("ark, s, cs:x", RSpecifier("ark", "x", sorted=True, called_sorted=True)),
        ("s,o,scp,p:x", RSpecifier("scp", "x", once=True, sorted=True, permissive=True)),
        ("ark,p,np,s,ns,cs,ncs,o,no:x", RSpecifier("ark", "x")),
        ("ark,np,p:x", RSpecifier("ark", "x", permissive=True)),
        ("ark,bg:gunzip -c a:b.gz |", RSpecifier("ark", "gunzip -c a:b.gz |", background=True)),
        ("plain", RSpecifier("ark", "plain")),
        ("dir/plain.scp", RSpecifier("scp", "dir/plain.scp")),
        ("dir/x.ark:12", RSpecifier("ark", "dir/x.ark:12")),
        ("gunzip -c x.gz |", RSpecifier("ark", "gunzip -c x.gz |")),
        ("-", RSpecifier("ark", "-")),
    ],
)
def test_rspecifier(text, meaning):
    assert parse_rspecifier(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "ark,scp:x",
        "ark,q:x",
        "t:x",
        "s,cs:x",
        "ark:x ",
        " ark:x",
        "ark: x",
        "scp:ark:x",
        "ark:| cat",
        "ark:a | b",
    ],
)
def test_rspecifier_refused(text):
    with pytest.raises(DataError, match=r"x|cat|b"):
        parse_rspecifier(text)


@pytest.mark.parametrize(
    "text, meaning",
    [
        ("ark:-", WSpecifier("-")),
        ("ark,t:x", WSpecifier("x", text=True)),
        ("ark,t,b:x", WSpecifier("x")),
        ("b,ark,f:x", WSpecifier("x", flush=True)),
        ("ark,scp:a.ark,a.scp", WSpecifier("a.ark", "a.scp")),
        ("ark,scp,t,f:a,-", WSpecifier("a", "-", text=True, flush=True)),
        ("scp,p:places", WSpecifier(None, "places", permissive=True)),
        ("ark:| gzip -c > x.gz", WSpecifier("| gzip -c > x.gz")),
        ("plain.ark", WSpecifier("plain.ark")),
        ("-", WSpecifier("-")),
    ],
)
def test_wspecifier(text, meaning):
    assert parse_wspecifier(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "scp,ark:a,b",
        "ark,scp:a",
        "ark,scp:a,a",
        "ark,scp:-,b",
        "ark,scp:new\nline,b",
        "ark,scp:\udce4,b",
        "ark,scp:| cat,b",
        "ark:x |",
        "ark:x:12",
        "ark,s:x",
        "ark: x",
        "x.scp",
    ],
)
def test_wspecifier_refused(text):
    with pytest.raises(DataError):
        parse_wspecifier(text)


def test_text_lists_may_be_called_ark():
    assert plain_name("ark,t:spk2utt") == plain_name("ark:spk2utt") == plain_name("spk2utt") == "spk2utt"
    assert plain_name("ark:-") == plain_name("-") == "-"
    assert plain_name("C:x") == "C:x"
    with pytest.raises(DataError, match="scp"):
        plain_name("scp:spk2utt")
