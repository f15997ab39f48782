"""The page in a real browser: what is drawn, said and played, and that nothing else happens."""

import io
import wave

import numpy as np
import pytest

from diarkit.drawing.comparison import compare
from diarkit.drawing.page import page
from diarkit.drawing.palette import ERRORS, ERRORS_DARK, HYPOTHESIS
from diarkit.drawing.timeline import timelines
from diarkit.io.rttm import Region, Turn

MISSED, FALSE_ALARM, CONFUSION = range(3)
# Anna is taken for s2 from 30 to 40, s1 is a false alarm from 82 to 86, Cleo is missed from 90 to 95.
REF = "Anna 0 40, Bert 40 80, Cleo 90 95"
HYP = "s1 0 30, s2 30 80, s1 82 86"


def turns(text, reco="m"):
    parts = [part.split() for part in text.split(",")]
    return [Turn(reco, "1", float(start), float(end) - float(start), name) for name, start, end in parts]


def compared(ref, hyp, uem=None, sounds=None, **options):
    score, found = compare(ref, hyp, uem, **options)
    return page(found, "md-eval; collar 0 s on each side", score.total, sounds)


@pytest.fixture
def meeting(browse):
    return browse(compared(turns(REF), turns(HYP)))


def sound(seconds=6.0, rate=8000):
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((3000 * np.sin(np.arange(int(seconds * rate)) / 5)).astype("<i2").tobytes())
    return out.getvalue()


def test_what_is_drawn(meeting):
    assert meeting.view() == (0, 95)
    wrong = meeting.colours((31, CONFUSION), (35, CONFUSION), (39, CONFUSION), (84, FALSE_ALARM), (92, MISSED))
    assert wrong == [ERRORS[2]] * 3 + [ERRORS[1], ERRORS[0]]
    right = meeting.colours((29, CONFUSION), (41, CONFUSION), (81, FALSE_ALARM), (87, FALSE_ALARM), (89, MISSED))
    assert not set(right) & set(ERRORS)
    # in the lanes of those who are wrong, too: s1 and Anna, s2 and Bert, Cleo
    rows = meeting.colours((35, (0, "reference")), (35, (1, "hypothesis")), (84, (0, "hypothesis")),
                           (92, (2, "reference")), (20, (0, "hypothesis")), (35, (0, "hypothesis")))
    assert rows[:5] == [ERRORS[2], ERRORS[2], ERRORS[1], ERRORS[0], HYPOTHESIS]
    assert rows[5] not in (*ERRORS, HYPOTHESIS)
    assert meeting.text("#protocol").startswith("md-eval; collar 0 s")
    assert meeting.text("#total") == "DER 22.35 %" and "22.35 %" in meeting.text("#kinds")
    assert [text.split("\n") for text in meeting.texts("#kinds button")] == [
        ["5.0 s", "missed \u00b7 5.9 %"], ["4.0 s", "false alarm \u00b7 4.7 %"], ["10.0 s", "confusion \u00b7 11.8 %"]]


def test_what_is_not_scored_is_shaded(browse):
    reader = browse(compared(turns(REF), turns(HYP), [Region("m", "1", 10.0, 60.0)]))
    scored, unscored, inside, outside = reader.colours((45, MISSED), (70, MISSED), (35, CONFUSION), (84, FALSE_ALARM))
    assert scored != unscored and inside == ERRORS[2] and outside != ERRORS[1]


def test_hovering_tells_who_when_and_what(meeting):
    assert meeting.hover(35, CONFUSION) == (
        "confusion 0:30.00 to 0:40.00, 10.00 s\n\nAnna is taken for s2\n\nAnna is mapped to s1\n\ns2 is mapped to Bert")
    assert meeting.hover(60, (1, "hypothesis")).split("\n\n") == [
        "s2 (hypothesis) 0:30.00 to 1:20.00, 50.00 s", "mapped to Bert"]
    assert meeting.hover(35, (1, "hypothesis")).endswith("confusion 0:30.00 to 0:40.00: Anna is taken for s2")
    assert meeting.hover(92, (2, "reference")).split("\n\n") == [
        "Cleo (reference) 1:30.00 to 1:35.00, 5.00 s", "mapped to none", "missed 1:30.00 to 1:35.00: Cleo is missed"]
    assert "s1 is given, but does not talk" in meeting.hover(84, FALSE_ALARM)
    assert meeting.hover(60, MISSED) == ""


def test_zooming_and_moving(meeting):
    page = meeting.page
    page.mouse.move(*meeting.place(35, CONFUSION))
    page.mouse.wheel(0, -400)
    start, end = meeting.view()
    assert end - start < 50 and (35 - start) / (end - start) == pytest.approx(35 / 95, abs=0.01)
    assert meeting.colour(35, CONFUSION) == ERRORS[2] and meeting.colour(29.5, CONFUSION) != ERRORS[2]
    span = end - start
    page.mouse.wheel(100, 0)
    assert meeting.view()[0] > start and meeting.view()[1] - meeting.view()[0] == pytest.approx(span, abs=0.01)
    before = meeting.view()[0]
    x, y = meeting.place(before + span / 2, (0, "hypothesis"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=4)
    page.mouse.up()
    assert meeting.view()[0] < before and meeting.text("#selected").startswith("Click")
    page.get_by_role("button", name="Fit").click()
    assert meeting.view() == (0, 95)
    page.get_by_role("button", name="Zoom in").click()
    assert meeting.view() == (23.75, 71.25)
    page.get_by_role("button", name="Zoom out").click()
    assert meeting.view() == (0, 95)
    for _ in range(20):
        page.get_by_role("button", name="Zoom in").click()
    start, end = meeting.view()
    assert end - start == pytest.approx(0.2) and start < 47.5 < end
    box = page.locator("#overview").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 20)
    start, end = meeting.view()
    assert start < 0.25 * 95 < end


def test_two_fingers(browse):
    reader = browse(compared(turns(REF), turns(HYP)), has_touch=True)
    (x, y), fingers = reader.place(47.5, (0, "hypothesis")), reader.page.context.new_cdp_session(reader.page)

    def touch(kind, *distances):
        points = [{"x": x + d, "y": y, "id": n} for n, d in enumerate(distances)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -50, 50)
    for distance in (70, 90, 100):
        touch("touchMove", -distance, distance)
    touch("touchEnd")
    start, end = reader.view()
    assert end - start == pytest.approx(95 / 2, rel=0.1) and (start + end) / 2 == pytest.approx(47.5, abs=2)


def test_keys(meeting):
    meeting.press("n")
    assert meeting.text("#selected").startswith("confusion 0:30.00 to 0:40.00, 10.00 s: Anna is taken for s2")
    assert meeting.text("#said") == meeting.text("#selected") and meeting.head == 30
    meeting.press("n", "n")
    assert meeting.text("#selected").startswith("missed 1:30.00") and meeting.head == 90
    meeting.press("n")
    assert meeting.text("#selected").startswith("confusion")
    meeting.press("p", "p")
    assert meeting.text("#selected").startswith("false alarm 1:22.00")
    meeting.press("0")
    assert meeting.view() == (0, 95)
    meeting.press("+", "+")
    start, end = meeting.view()
    assert end - start == 23.75
    meeting.press("ArrowRight")  # which belongs to the page as long as the timeline is not chosen
    assert meeting.view() == (start, end)
    meeting.page.locator("#stage").focus()
    meeting.press("ArrowRight")
    assert meeting.view()[0] == pytest.approx(start + 0.15 * 23.75, abs=0.01)
    meeting.press("Home")
    assert meeting.view() == (0, 23.75) and meeting.head == 0
    meeting.press("ArrowDown", "ArrowDown")
    assert meeting.text("#said") == "s2, reference Bert"
    meeting.press("Shift+ArrowRight")
    assert meeting.text("#selected").startswith("s2 (hypothesis) 0:30.00 to 1:20.00")
    meeting.press("Escape")
    assert meeting.text("#selected").startswith("Click")
    meeting.press("?")
    assert meeting.page.get_by_role("dialog").is_visible()
    meeting.press("Escape")
    assert not meeting.page.get_by_role("dialog").is_visible()


def test_clicking_sets_the_play_head(meeting):
    meeting.click(60, (1, "reference"))
    assert meeting.head == 40 and meeting.text("#selected").startswith("Bert (reference) 0:40.00")
    meeting.click(85, FALSE_ALARM)
    assert meeting.head == 82
    meeting.click(81, FALSE_ALARM)
    assert meeting.head == pytest.approx(81, abs=0.1) and meeting.text("#selected").startswith("Click")


@pytest.fixture
def corpus(browse):
    ref = [turn for n in range(12) for turn in turns("A 0 10", f"part{n:02d}")] + turns("A 0 10", "Other")
    hyp = [turn for n in range(12) for turn in turns(f"x 0 {10 - n % 7 / 2}", f"part{n:02d}")] + turns("x 0 3", "Other")
    return browse(compared(ref, [*hyp, *turns("x 0 1", "unknown")]))


def test_choosing_a_recording(corpus):
    names = corpus.listed()
    assert names[:4] == ["Other", "part06", "part05", "part04"] and len(names) == 14 and names[-1] == "unknown"
    assert corpus.listed("der")[:2] == ["70.00 %", "30.00 %"]
    assert corpus.text("#name") == "Other" and corpus.text("#kinds .value >> nth=0") == "70.00 %"
    corpus.page.get_by_role("button", name="part04").click()
    assert corpus.text("#name") == "part04" and corpus.text("#kinds .value >> nth=0") == "20.00 %"
    before, after = corpus.colours((7, MISSED), (9, MISSED))
    assert before != ERRORS[0] and after == ERRORS[0]
    assert corpus.texts("#recordings [aria-current=true] .label") == ["part04"]
    corpus.press("]")
    assert corpus.text("#name") == "part11"
    corpus.page.get_by_role("button", name="unknown").click()
    assert "not scored" in corpus.text("#kinds")
    corpus.page.select_option("#order", "name")
    assert corpus.listed()[:2] == ["Other", "part00"]


def test_searching(corpus):
    corpus.press("/")
    corpus.page.keyboard.type("PART 1")
    assert sorted(corpus.listed()) == ["part01", "part10", "part11"]
    assert corpus.text("#found") == "3 of 14 recordings"
    corpus.press("Enter")
    assert corpus.text("#name") == "part11"
    corpus.page.fill("#search", "nothing like it")
    assert corpus.listed() == [] and corpus.text("#name") == "part11"


def test_kinds_are_hidden_and_shown(meeting):
    button = meeting.page.get_by_role("button", name="confusion \u00b7")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    lane, turn, other = meeting.colours((35, CONFUSION), (35, (1, "hypothesis")), (92, MISSED))
    assert lane != ERRORS[2] and turn == HYPOTHESIS and other == ERRORS[0]
    assert meeting.hover(35, CONFUSION) == ""
    assert meeting.texts("#error-table tbody td:first-child") == ["missed", "false alarm"]
    meeting.press("n")
    assert meeting.text("#selected").startswith("false alarm")
    meeting.press("3", "0")
    assert meeting.colour(35, CONFUSION) == ERRORS[2]


def test_the_table_of_errors(meeting):
    rows = [row.split("\t") for row in meeting.texts("#error-table tbody tr")]
    assert rows == [["confusion", "0:30.00", "0:40.00", "10.00 s", "Anna", "s2"],
                    ["missed", "1:30.00", "1:35.00", "5.00 s", "Cleo", ""],
                    ["false alarm", "1:22.00", "1:26.00", "4.00 s", "", "s1"]]
    meeting.press("+", "+", "+")
    meeting.page.get_by_role("button", name="missed", exact=True).click()
    start, end = meeting.view()
    assert start < 90 and end >= 95 and meeting.head == 90 and meeting.colour(92, MISSED) == ERRORS[0]
    assert meeting.texts("#error-table tr.chosen td:first-child") == ["missed"]
    meeting.page.select_option("#error-order", "time")
    assert meeting.texts("#error-table tbody td:first-child") == ["confusion", "false alarm", "missed"]
    speakers = [row.split("\t") for row in meeting.texts("#speaker-table tbody tr")]
    assert speakers == [["s1", "0:34.0", "2", "Anna", "0:40.0", "1"], ["s2", "0:50.0", "1", "Bert", "0:40.0", "1"],
                        ["\u2013", "", "", "Cleo", "0:05.0", "1"]]


NAMES = ["</script><script>canary=1</script>", "<img src=http://127.0.0.1:9/x onerror=canary=1>",
         "\"onmouseover='canary=1'",
         "\u202e\u05e9\u05dc\u05d5\u05dd", "\U0001f600\u200d\U0001f680", "__proto__", "{{script}}", "x" * 3000]


def test_names_never_run_and_are_shown_as_they_are(browse):
    recordings = (NAMES[0], NAMES[1], NAMES[-1])
    ref = [Turn(recordings[n % 3], "1", 3.0 * n, 2.0, name) for n, name in enumerate(NAMES)]
    hyp = [turn._replace(start=turn.start + 0.5) for turn in ref]
    score, found = compare(ref, hyp)
    reader = browse(page(found, NAMES[1], score.total, title=NAMES[0]))
    assert reader.page.title() == NAMES[0] and reader.text("#protocol") == NAMES[1]
    for item in range(3):
        reader.page.locator("#recordings button").nth(item).click()
        assert reader.text("#name") in recordings
        speakers = set(reader.texts("#speaker-table tbody td:first-child"))
        assert speakers < set(NAMES) and len(speakers) in (2, 3)
        for _ in range(8):
            reader.press("n")
        reader.hover(reader.view()[0] + 1, MISSED)
        assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert reader.page.evaluate("typeof canary") == "undefined"
    assert reader.page.locator("img").count() == 0 and reader.page.locator("script").count() == 2


def test_the_policy_forbids_scripts_and_requests(meeting):
    failures = []
    meeting.page.on("requestfailed", lambda request: failures.append(request.failure))
    blocked = meeting.page.evaluate("""async () => {
        const seen = [];
        addEventListener("securitypolicyviolation", event => seen.push(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.canary = 1";
        document.body.append(script);
        const image = new Image();
        image.src = "http://127.0.0.1:9/x.png";
        await new Promise(done => setTimeout(done, 300));
        return [...seen, typeof canary];
    }""")
    assert sorted(blocked) == ["img-src", "script-src-elem", "undefined"]
    assert failures == ["csp"]
    meeting.seen.clear()  # the browser has told of both


@pytest.fixture
def heard(browse):
    return browse(compared(turns("A 0 2, B 2 6"), turns("x 0 3, y 3 6"), sounds={"m": ("audio/wav", sound())}))


def playing(reader, past, before=99):
    """Wait until the play head is beyond a time, and is not beyond another."""
    reader.wait(f"page.player.head > {1000 * past} && page.player.head < {1000 * before}")


def test_playing_pausing_and_seeking(heard):
    assert heard.page.locator("#play").is_enabled()
    heard.press("Space")
    playing(heard, 0.2)
    assert heard.text("#play") == "Pause" and heard.head > 0
    heard.click(4, (1, "hypothesis"))
    assert heard.head >= 3
    playing(heard, 3.2)
    heard.page.locator("#play").click()
    heard.wait("play.textContent === 'Play'")
    rest = heard.page.evaluate("page.player.audio.currentTime")
    assert rest == pytest.approx(heard.head, abs=0.1)
    heard.press("n")
    assert heard.head == 2 and heard.page.evaluate("page.player.audio.currentTime") == pytest.approx(2)


def test_a_turn_in_a_loop(heard):
    assert heard.page.locator("#loop").is_disabled()
    heard.press("n")  # B is taken for x from 2 to 3
    heard.page.locator("#loop").click()
    assert heard.page.locator("#loop").get_attribute("aria-pressed") == "true"
    heard.page.evaluate("page.player.audio.currentTime = 2.9")
    playing(heard, 2, 2.6)  # back to its begin
    heard.click(4, (1, "reference"))  # the loop goes along with what is selected
    assert heard.page.evaluate("[page.player.loop.start, page.player.loop.end]") == [2000, 6000]
    heard.press("n", "n")
    assert heard.page.evaluate("page.player.loop.end") == 3000
    heard.press("l")
    playing(heard, 3.05)


def test_the_play_head_is_followed(heard):
    for _ in range(5):
        heard.press("+")
    heard.page.evaluate("page.stage.look(0, 100)")
    heard.press("Space")
    playing(heard, 0.4)
    start, end = heard.view()
    assert start <= heard.head <= end + 0.1 and start > 0


def test_a_file_that_the_reader_chooses(meeting):
    assert meeting.page.locator("#play").is_disabled()
    meeting.page.set_input_files("#file", {"name": "anything.wav", "mimeType": "audio/wav", "buffer": sound(2)})
    meeting.wait("page.player.audio.readyState > 0")
    meeting.press("Space")
    playing(meeting, 0.1)
    meeting.page.set_input_files("#file", {"name": "m.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
    meeting.wait("page.player.failed")
    assert "sound cannot be played" in meeting.text("#clock")


def test_sound_beside_the_page(browse, tmp_path):
    (tmp_path / "a b.wav").write_bytes(sound())
    reader = browse(compared(turns("A 0 6"), turns("x 0 5"), sounds={"m": "./a%20b.wav"}))
    reader.press("Space")
    playing(reader, 0.1)
    reader.click(5.5, MISSED)
    playing(reader, 5.01)


def test_dark(browse):
    reader = browse(compared(turns(REF), turns(HYP)), color_scheme="dark")
    assert reader.colours((35, CONFUSION), (92, MISSED)) == [ERRORS_DARK[2], ERRORS_DARK[0]]
    assert reader.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 27)"
    reader.page.emulate_media(color_scheme="light")
    assert reader.colour(35, CONFUSION) == ERRORS[2]


def test_on_paper(browse):
    reader = browse(compared(turns(REF), turns(HYP)), color_scheme="dark")
    reader.page.evaluate("addEventListener('beforeprint', () => window.pixel = [...page.stage.top.getContext('2d')"
                         ".getImageData(page.stage.x(35000) * devicePixelRatio, 76 * devicePixelRatio, 1, 1).data])")
    assert reader.page.pdf().startswith(b"%PDF")
    drawn = reader.page.evaluate("window.pixel")
    assert "#" + bytes(drawn[:3]).hex() == ERRORS[2]  # as on light, though the screen is dark
    assert reader.colour(35, CONFUSION) == ERRORS_DARK[2]
    reader.page.emulate_media(media="print")
    for hidden in ("#tools", "#list", "#overview"):
        assert not reader.page.locator(hidden).is_visible()
    for shown in ("#stage", "#error-table", "#protocol"):
        assert reader.page.locator(shown).is_visible()


@pytest.mark.parametrize("width", [360, 700])
def test_narrow(browse, width):
    ref, hyp = [*turns(REF), *turns(REF, "n")], [*turns(HYP), *turns(HYP, "n")]
    reader = browse(compared(ref, hyp), viewport={"width": width, "height": 700})
    assert reader.page.evaluate("document.documentElement.scrollWidth") == width
    assert reader.colour(35, CONFUSION) == ERRORS[2]
    reader.page.set_viewport_size({"width": 1000, "height": 700})
    reader.settle()
    assert reader.colour(35, CONFUSION) == ERRORS[2] and reader.page.locator("#stage").bounding_box()["width"] > 600


def test_everything_has_a_name_for_those_who_do_not_see(corpus):
    nameless = corpus.page.evaluate("""() => [...document.querySelectorAll("button, input, select, [tabindex='0']")]
        .filter(each => !(each.textContent.trim() || each.ariaLabel || each.labels?.length)).map(each => each.outerHTML)
    """)
    assert nameless == []
    assert corpus.page.get_by_role("navigation", name="Recordings").is_visible()
    assert corpus.page.get_by_role("searchbox", name="Search recordings by name").is_visible()
    assert corpus.page.locator("canvas:not([aria-hidden=true])").count() == 0
    headers = corpus.page.locator("#error-table th[scope=col]").count()
    assert headers == 6 and corpus.page.get_by_role("columnheader", name="Length").is_visible()
    corpus.page.locator("#search").focus()
    reached = set()
    for _ in range(30):
        corpus.page.keyboard.press("Tab")
        reached.add(corpus.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert {"order", "kind", "file", "next", "in", "fit", "stage"} <= reached


def test_without_a_reference(browse):
    reader = browse(page(timelines([*turns(HYP), *turns("a 0 1", "n")])))
    assert reader.listed() == ["m", "n"]
    assert not reader.page.locator("#kinds").is_visible() and not reader.page.locator("#errors").is_visible()
    reader.press("n", "p", "1")
    x, y = reader.place(50, (0, "hypothesis"))
    reader.page.mouse.move(x, reader.page.locator("#lanes").bounding_box()["y"] + 4 + 36)
    assert reader.text("#tip") == "s2 0:30.00 to 1:20.00, 50.00 s"
    assert reader.texts("#speaker-table tbody tr") == ["s1\t0:34.0\t2", "s2\t0:50.0\t1"]


def test_ten_thousand_turns_and_many_speakers(browse):
    """What is drawn does not grow with what there is: counted in rectangles, not in time."""
    ref = [Turn("m", "1", 3.0 * n, 2.0, f"s{n % 700}") for n in range(10000)]
    hyp = [turn._replace(start=turn.start + 0.5) for turn in ref]
    reader = browse(compared(ref, hyp))
    count = """() => {
        const pen = CanvasRenderingContext2D.prototype, plain = pen.fillRect;
        let rectangles = 0;
        pen.fillRect = function (...place) { rectangles++; return plain.apply(this, place); };
        page.stage.drawNow();
        pen.fillRect = plain;
        return rectangles;
    }"""
    everything = reader.page.evaluate(count)
    assert 300 < everything < 3000
    for _ in range(12):
        reader.press("+")
    assert reader.page.evaluate(count) < 300
    assert reader.page.locator("#lanes").bounding_box()["height"] < 700
    assert reader.page.locator("#error-table tbody tr").count() == 50
    reader.page.locator("#more").click()
    assert reader.page.locator("#error-table tbody tr").count() == 550
    last = reader.page.locator("#error-table tbody tr").nth(549)
    start = last.locator("td").nth(1).inner_text()
    last.get_by_role("button").click()
    reader.settle()
    assert start in reader.text("#selected")
    row = reader.page.evaluate("(page.stage.selected.hyp[0] || page.stage.selected.ref[0]).row")
    top = reader.page.evaluate(f"page.stage.rowTop({row})")
    assert 0 <= top <= reader.page.locator("#lanes").bounding_box()["height"] - 36


def test_overlapping_errors_of_two_channels(browse):
    ref = [Turn("m", "1", 0.0, 90.0, "A"), Turn("m", "2", 10.0, 2.0, "B"), Turn("m", "2", 95.0, 1.0, "B")]
    reader = browse(compared(ref, turns("x 200 201")))
    assert reader.colour(50, MISSED) == ERRORS[0] and "A (channel 1)" in reader.hover(50, MISSED)
    reader.page.evaluate("page.stage.look(40000, 60000)")
    assert reader.colour(50, MISSED) == ERRORS[0]


def test_a_name_of_100000_letters_is_cut(browse):
    """To lay it out, a browser takes minutes."""
    turn = [Turn("m", "1", 0.0, 1.0, "x" * 100000)]
    reader = browse(compared(turn, turn))
    assert reader.texts("#speaker-table tbody td:first-child") == ["x" * 2999 + "\u2026"]
