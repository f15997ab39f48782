"""A real browser, Debian's chromium or one like it, driven by playwright; tests are skipped where either is missing."""

import importlib.util
import io
import shutil
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
             " --disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required").split()


BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(items):
    """Skip all of this folder, and say once why."""
    missing = None
    if importlib.util.find_spec("playwright") is None:
        missing = "no playwright (pip install '.[browser]')"
    elif BROWSER is None:
        missing = f"no browser: none of {', '.join(BROWSERS)} is on PATH"
    for item in items:
        if missing and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="session")
def chromium():
    """The browser, which has a profile of its own that is thrown away."""
    import playwright.sync_api as api

    with api.sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        except api.Error as error:
            pytest.skip(f"{BROWSER} does not start: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium, tmp_path):
    """The function browse(text of a page, **settings) that opens it from a file and gives a Reader.

    At the end nothing may have gone wrong in the page, and no request may have left it.
    """
    contexts, seen = [], []

    def browse(text, name="page.html", **settings):
        (tmp_path / name).write_text(text, encoding="utf-8")
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 900}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10000)
        page.on("console", lambda message: seen.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: seen.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        context.on("request", lambda request: request.url.startswith(("file:", "blob:", "data:"))
                   or seen.append(f"request: {request.url}"))
        page.goto(f"file://{tmp_path / name}")
        page.wait_for_selector("#list[data-ready]", state="attached")
        return Reader(page, seen)

    yield browse
    for context in contexts:
        context.close()
    assert seen == []


class Reader:
    """What a reader of the page sees and does; times in s. `seen` is what must not happen."""

    def __init__(self, page, seen):
        self.page = page
        self.seen = seen

    def settle(self):
        """Wait until what was asked for is drawn."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def geometry(self):
        """What is shown (ms), and where the canvases are."""
        self.settle()
        return self.page.evaluate("""() => {
            const place = id => document.getElementById(id).getBoundingClientRect(), {from, to, gutter} = stage.dataset;
            const {left, width} = place("stage");
            return {from: +from, to: +to, left: left + 1 + +gutter, width: width - 2 - gutter,
                    top: place("top").top, lanes: place("lanes").top};
        }""")

    def view(self):
        """(from, to) of what is shown."""
        seen = self.geometry()
        return seen["from"] / 1000, seen["to"] / 1000

    def place(self, time, where, seen=None):
        """(x, y) of a moment on the lane of a kind of error (0, 1, 2), or on a row, (number, side)."""
        seen = seen or self.geometry()
        x = seen["left"] + (1000 * time - seen["from"]) / (seen["to"] - seen["from"]) * seen["width"]
        if isinstance(where, int):
            return x, seen["top"] + 26 + 20 * where + 10
        row, side = where
        return x, seen["lanes"] + 4 + 36 * row + (12 if side == "hypothesis" else 26)

    def colours(self, *places):
        """What colours the pixels at (time, where) have, as '#rrggbb'."""
        from PIL import Image

        seen = self.geometry()
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        points = [self.place(*place, seen) for place in places]
        return ["#" + bytes(picture.getpixel((int(x), int(y)))).hex() for x, y in points]

    def colour(self, time, where):
        return self.colours((time, where))[0]

    def hover(self, time, where):
        """The text that appears."""
        self.page.mouse.move(*self.place(time, where))
        self.settle()
        tip = self.page.locator("#tip")
        return tip.inner_text() if tip.is_visible() else ""

    def click(self, time, where):
        self.page.mouse.click(*self.place(time, where))
        self.settle()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def wait(self, condition):
        """Wait until a JavaScript expression holds; not by wait_for_function, which the page's policy forbids."""
        for _ in range(200):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"not in 10 s: {condition}")

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def texts(self, selector):
        return self.page.locator(selector).all_inner_texts()

    def listed(self, part="label"):
        """Names in the list of recordings, or their 'der'; also of those that are scrolled out of sight."""
        return self.page.locator(f"#recordings .{part}").all_text_contents()

    @property
    def head(self):
        """Where the play head is, s."""
        minutes, seconds = self.text("#clock").split(":")
        return 60 * int(minutes) + float(seconds)
