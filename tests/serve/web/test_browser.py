"""The web page in a browser: what people do on it, wide and narrow, light and dark, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

from playwright.sync_api import Browser, expect

from tests.serve.web.browser import CHROMIUM, NARROW, WIDE, Scheme, Visit, open_browser, visit
from tests.serve.web.stub_api import HOSTILE, StubApi

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)

TEXT = "The harbour.\n\n" + "The boom is kept in shed 3. Nobody pumps before the tug is there.\n" * 60
OUTLINED = """(() => {
    const here = document.activeElement;
    const style = [here, here.closest(".stepper, .search") || here].map((one) => getComputedStyle(one));
    return style.some((one) => parseFloat(one.outlineWidth) > 0 && one.outlineStyle !== "none");
})()"""
"""Whether one sees where the focus is."""
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for all tests."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def api() -> Iterator[StubApi]:
    """Return an interface with scripted answers."""
    with StubApi() as stub:
        yield stub


@pytest.fixture
def at(browser: Browser, api: StubApi) -> Iterator[Visit]:
    """Return a wide, light visit."""
    with visit(browser, api.url) as visited:
        yield visited


def list_faults(at: Visit) -> list[str]:
    """Return what axe finds, and whether the view is wider than the window."""
    return at.list_violations() + (["too wide"] if at.overflows() else [])


def fill_chat(api: StubApi) -> None:
    """Give a chat a few turns, the first ones on a page."""
    api.chats["harbour"] = []
    for number in range(4):
        api.add_turn("harbour", "user", f"Tug {number} is called HX{number}41.")
        api.add_turn("harbour", "assistant", f"Tug {number}: HX{number}41.")


# Documents


def test_a_text_becomes_pages_with_what_both_cost(at: Visit) -> None:
    """Pasted, Ctrl-Enter; the figures stand beside each other; the address is the document's."""
    at.go().take_text(TEXT)
    expect(at.find(".figures")).to_contain_text("fewer tokens")
    expect(at.find(".bars .row").first).to_contain_text("993")
    assert at.find(".pages li").count() >= 1
    assert "#/documents/d1" in at.page.url
    assert at.page.title() == "Documents · glyph-memory"


def test_a_document_survives_a_reload_and_back_leads_to_the_one_before(at: Visit) -> None:
    """An address says what is shown; what was typed into the first view is still there."""
    at.go().take_text(TEXT)
    at.page.reload()
    at.wait_for_pages()
    expect(at.find("h1")).to_have_text("Pasted text")
    at.page.go_back()
    expect(at.find("#pasted")).to_have_value(TEXT)
    at.page.go_forward()
    at.wait_for_pages()


def test_a_file_is_chosen_dropped_or_pasted(at: Visit) -> None:
    """All lead to its pages; a file that is dropped beside the field does not replace the page."""
    at.go().page.set_input_files(
        "input[type=file]", {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Notes"}
    )
    expect(at.find("h1")).to_have_text("notes.md")
    at.find("text=Another document").click()
    at.page.evaluate("""() => {
        const data = new DataTransfer();
        data.items.add(new File(["Dropped."], "dropped.txt"));
        for (const name of ["dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
    }""")
    expect(at.find("h1")).to_have_text("dropped.txt")
    at.find("text=Another document").click()
    at.find("#pasted").evaluate("""(field) => {
        for (const text of ["Words.", ""]) {
            const data = new DataTransfer();
            data.items.add(new File(["Pasted."], text ? "picture-of-words.txt" : "pasted.txt"));
            if (text) data.setData("text/plain", text);
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }
    }""")
    expect(at.find("h1")).to_have_text("pasted.txt")


def test_a_file_that_is_none_is_told_where_it_was_given(at: Visit) -> None:
    """The server's words stand under the field, and another file can be given at once."""
    at.expected = "415"
    at.go().page.set_input_files(
        "input[type=file]", {"name": "a.bin", "mimeType": "application/octet-stream", "buffer": b"\0\0"}
    )
    expect(at.find("#upload-error")).to_contain_text("'a.bin' is no document")
    at.take_text("Something else.")


def test_an_empty_text_is_told_and_a_sample_is_at_hand(at: Visit) -> None:
    """Nobody is left before an empty page."""
    at.go().press("Draw pages")
    expect(at.find("#upload-error")).to_contain_text("There is no text yet")
    at.press("Take a sample")
    at.wait_for_pages()
    expect(at.find("h1")).to_have_text("sample.md")


def test_options_redraw_the_pages_and_stand_in_the_address(at: Visit, api: StubApi) -> None:
    """Steps, choices and switches; a reload has them still; one click takes them back."""
    at.go().take_text(TEXT)
    first = at.find(".pages img").first.get_attribute("src")
    at.page.select_option("#look-preset", "code")
    at.page.click("[aria-label='Columns: more']")
    at.find("#look-dark").check()
    expect(at.find(".pages img").first).not_to_have_attribute("src", first or "")
    at.wait_for_pages()
    assert "preset=code" in at.page.url
    assert "dark=1" in at.page.url
    at.page.reload()
    at.wait_for_pages()
    assert api.posted[-1][1]["look"] == {"preset": "code", "columns": 2, "dark": True}
    at.press("Back to the defaults")
    expect(at.find("#look-preset")).to_have_value("auto")
    assert "?" not in at.page.url
    at.page.go_back()  # looks leave nothing behind: this leads to where the text was given
    expect(at.find("#pasted")).to_be_visible()


def test_of_two_looks_the_one_that_was_asked_for_last_is_shown(at: Visit) -> None:
    """A slow answer to the first does not come over the second."""
    at.go().take_text(TEXT)
    with at.page.expect_request("**/pages"):
        at.page.fill("#look-columns", "3")
    with at.page.expect_request("**/pages"):
        at.page.fill("#look-columns", "2")
    expect(at.find(".aside")).to_contain_text("layout: columns 2")
    at.page.wait_for_timeout(500)  # when the answer for three columns would have come
    expect(at.find(".aside")).to_contain_text("columns 2")


def test_a_value_that_cannot_be_drawn_is_told_beside_its_field(at: Visit) -> None:
    """The pages that were there stay; the field is marked for screen readers, too."""
    at.expected = "422"
    at.go().take_text(TEXT)
    at.page.fill("#look-font_pt", "3")
    expect(at.find("#look-font_pt-error")).to_contain_text("font_pt=3 is below 4")
    expect(at.find("#look-font_pt")).to_have_attribute("aria-invalid", "true")
    expect(at.find("#look-font_pt")).to_have_attribute("aria-describedby", "look-font_pt-error")
    assert at.find(".pages img").count() >= 1
    at.page.fill("#look-font_pt", "8")
    expect(at.find("#look-font_pt-error")).to_have_count(0)


def test_an_answer_is_streamed_as_text_and_its_quotes_are_framed(at: Visit, api: StubApi) -> None:
    """Markup in an answer is shown, not obeyed; a frame lies where the quote's box is, at any size."""
    at.go().take_text(TEXT)
    at.page.fill("#question", "Where is the boom?")
    at.page.keyboard.press("Control+Enter")
    expect(at.find(".answer .said").last).to_contain_text(f"The boom is kept in shed 3. {HOSTILE}")
    expect(at.find(".usage")).to_have_text("1,204 tokens read · 900 of them cached · 9 written")
    at.find(".quotes li button").first.click()
    page = next(iter(api.pages.values()))[0]
    left, top, right, bottom = next(line.box for line in page.lines if "boom" in line.text)
    frame, scale = (
        at.find(".frame.chosen").first,
        at.find(".sheet").first.evaluate("e => e.clientWidth") / page.size[0],
    )
    framed = frame.evaluate("e => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight]")
    drawn = [
        left * scale - 2,
        top * scale - 2,
        (right - left) * scale + 4,
        (bottom - top) * scale + 4,
    ]  # a line of 2 px
    at.find(".quotes li button").last.click()
    expect(at.find(".frame.chosen").first).to_be_in_viewport()
    assert framed == pytest.approx(drawn, abs=1.5)
    at.page.reload()
    expect(at.find(".answer .said").last).to_contain_text("The boom is kept in shed 3.")
    expect(at.find(".frame").first).to_be_visible()
    at.page.fill("#look-columns", "2")
    expect(at.find(".frame")).to_have_count(0)
    expect(at.find(".quotes")).to_contain_text("ask again")


def test_an_answer_can_be_stopped(at: Visit, api: StubApi) -> None:
    """What came stays; the server is told."""
    at.go().take_text(TEXT)
    at.page.fill("#question", "Please wait")
    at.press("Ask")
    expect(at.find(".answer")).to_have_attribute("aria-busy", "true")
    expect(at.find(".answer .said").last).to_contain_text("shed 3")
    at.press("Stop")
    expect(at.find(".answer")).to_contain_text("Stopped.")
    for _ in range(100):
        if api.closed:
            break
        at.page.wait_for_timeout(20)
    assert api.closed == ["Please wait"]


def test_how_the_model_is_asked_can_be_set_and_is_checked(at: Visit, api: StubApi) -> None:
    """A wrong number is told beside it, before anything is sent; right ones are sent, and kept."""
    at.go().take_text(TEXT)
    at.find(".options summary").click()
    at.page.fill("#temperature", "3")
    at.page.fill("#question", "Where?")
    at.press("Ask")
    expect(at.find("#temperature-error")).to_have_text("Temperature is from 0 to 2.")
    at.page.fill("#temperature", "0.3")
    at.page.fill("#max_tokens", "64")
    at.press("Ask")
    expect(at.find(".usage")).to_be_visible()
    sent = api.posted[-1][1]
    assert {name: sent[name] for name in ("model", "temperature", "max_tokens", "profile")} == {
        "model": "glyph", "temperature": 0.3, "max_tokens": 64, "profile": "glyph"
    }  # fmt: skip
    at.page.reload()
    at.find(".options summary").click()
    expect(at.find("#max_tokens")).to_have_value("64")


def test_a_model_that_takes_no_images_is_told_beside_the_choice(at: Visit) -> None:
    """The server's error names the field."""
    at.expected = "422"
    at.go().take_text(TEXT)
    at.find(".options summary").click()
    at.page.select_option("#model", "llama-text")
    at.page.fill("#question", "Where?")
    at.press("Ask")
    expect(at.find("#model-error")).to_contain_text("takes no images")


def test_an_upstream_that_fails_is_told_under_the_answer(at: Visit) -> None:
    """And a server that is gone, in words of what to do."""
    at.expected = "ERR_FAILED"
    at.go().take_text(TEXT)
    at.page.fill("#question", "Do fail")
    at.press("Ask")
    expect(at.find(".answer .error")).to_contain_text("within 30 s")
    at.page.route("**/answers", lambda route: route.abort())
    at.page.fill("#question", "Again")
    at.press("Ask")
    expect(at.find(".answer .error")).to_contain_text("Is glyph-memory serve still running?")


def test_a_document_that_is_gone_is_told(at: Visit) -> None:
    """An old address leads to words and a way on."""
    at.expected = "404"
    at.go("#/documents/nothing")
    expect(at.find("main .error")).to_contain_text("not here any more")
    at.find("text=Choose a document").click()
    expect(at.find("#pasted")).to_be_visible()


def test_a_page_opens_large_and_turns_by_arrow_keys(at: Visit) -> None:
    """It has an address; Escape and back close it, and the focus goes back to the page."""
    at.go().take_text(TEXT * 6)
    at.find(".page").first.focus()
    at.page.keyboard.press("Enter")
    expect(at.find("dialog h2")).to_contain_text("Page 1")
    assert "page=1" in at.page.url
    at.page.keyboard.press("ArrowRight")
    expect(at.find("dialog h2")).to_contain_text("Page 2")
    at.page.keyboard.press("Escape")
    expect(at.find("dialog")).to_have_count(0)
    assert at.focused() == "Page 1, open it large"
    assert "page=" not in at.page.url
    at.page.keyboard.press("Enter")
    at.page.go_back()
    expect(at.find("dialog")).to_have_count(0)
    assert "#/documents/" in at.page.url


# Chat


def test_a_chat_is_begun_and_remembers(at: Visit) -> None:
    """Turns are marked as text or page; what was recalled is shown as the answer comes."""
    at.go("#/chat")
    expect(at.find(".talk")).to_contain_text("Begin a chat")
    at.page.fill("#chat-name", "harbour")
    at.page.keyboard.press("Enter")
    expect(at.find("h1")).to_have_text("harbour")
    assert at.page.url.endswith("#/chat/harbour")
    for text in ("Tug 1 is HX141.", "Tug 2 is HX241.", "Do you remember tug 1?"):
        at.page.fill("#say", text)
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".turn.assistant").last).to_contain_text(f"Noted: {text} {HOSTILE}")
        expect(at.find("button:has-text('Send')")).to_be_visible()
    assert [one.split()[-1] for one in at.find(".turn .place:last-child").all_inner_texts()] == [
        "1", "1", "text", "text", "text", "text"
    ]  # fmt: skip
    expect(at.find(".turn").first).to_contain_text("recalled")
    expect(at.find(".report")).to_contain_text("tokens sent")
    expect(at.find(".memory .pages li")).to_have_count(1)
    at.find(".turn .page-place").first.click()
    expect(at.find("dialog h2")).to_contain_text("Page 1")
    at.page.keyboard.press("Escape")
    at.page.reload()
    expect(at.find(".turn")).to_have_count(6)


def test_an_answer_in_a_chat_shows_what_was_recalled_while_it_comes_and_can_be_stopped(
    at: Visit, api: StubApi
) -> None:
    """The turn that was sent stays; what was typed since stays, too."""
    fill_chat(api)
    at.go("#/chat/harbour")
    at.page.fill("#say", "Do you remember? wait")
    at.page.keyboard.press("Control+Enter")
    expect(at.find(".recalled")).to_contain_text("Recalled §1: Tug 0 is called HX041.")
    at.page.fill("#say", "And the")
    at.press("Stop")
    expect(at.find("button:has-text('Send')")).to_be_visible()
    expect(at.find("#say")).to_have_value("And the")
    expect(at.find(".turn").last).to_contain_text("Do you remember? wait")


def test_what_was_said_is_found_again(at: Visit, api: StubApi) -> None:
    """A hit leads to its turn, by an address of its own."""
    fill_chat(api)
    at.go("#/chat/harbour")
    at.page.fill("#recall", "HX141")
    at.page.keyboard.press("Enter")
    at.find(".found button").first.click()
    expect(at.find(".turn.marked")).to_contain_text("Tug 1 is called HX141.")
    assert at.page.url.endswith("?turn=3")
    at.page.fill("#recall", "nothing like it")
    at.page.keyboard.press("Enter")
    expect(at.find(".memory")).to_contain_text("Nothing like that was said.")


def test_a_chat_is_deleted_only_after_a_question(at: Visit, api: StubApi) -> None:
    """Escape keeps it."""
    fill_chat(api)
    at.go("#/chat/harbour")
    at.find("[aria-label='Delete harbour']").focus()
    at.page.keyboard.press("Enter")
    expect(at.find("dialog")).to_contain_text("is forgotten")
    at.page.keyboard.press("Escape")
    expect(at.find("dialog")).to_have_count(0)
    assert at.focused() == "Delete harbour"
    assert "harbour" in api.chats
    at.page.keyboard.press("Enter")
    at.find("dialog .danger").click()
    expect(at.find(".chats")).to_contain_text("No chat yet.")
    assert api.chats == {}
    assert at.page.url.endswith("#/chat")


def test_errors_of_a_chat_stand_beside_what_caused_them(at: Visit, api: StubApi) -> None:
    """A name that is taken, an upstream that is busy, a chat that is not there."""
    at.expected = "409|404"
    fill_chat(api)
    at.go("#/chat")
    at.page.fill("#chat-name", "harbour")
    at.page.keyboard.press("Enter")
    expect(at.find("#chats-error")).to_contain_text("take another name")
    at.find(".chats a").click()
    at.page.fill("#say", "Do fail")
    at.page.keyboard.press("Control+Enter")
    expect(at.find("#say-error")).to_contain_text("the upstream is busy")
    at.go("#/chat/nobody")
    expect(at.find(".talk .error")).to_contain_text("no chat “nobody”")


def test_a_server_that_dies_is_told_and_what_was_typed_is_not_lost(at: Visit, api: StubApi) -> None:
    """In words, under the field; the list of chats stays, and the frame says that there is no server."""
    at.expected = "ERR_"
    fill_chat(api)
    at.go("#/chat/harbour")
    at.page.fill("#say", "Are you there? wait")
    at.page.keyboard.press("Control+Enter")
    expect(at.find(".turns[aria-busy=true]")).to_be_visible()
    expect(at.find("#say")).to_have_value("")
    api.die()
    expect(at.find("#say-error")).to_contain_text("Is glyph-memory serve still running?")
    expect(at.find("#say")).to_have_value("Are you there? wait")
    expect(at.find(".chats")).to_contain_text("harbour")
    expect(at.find(".bar .state")).to_have_text("no server")


@pytest.mark.parametrize("width", [320, 390, 760, 1000])
def test_in_a_narrow_window_all_parts_of_a_chat_begin_at_one_margin(
    browser: Browser, api: StubApi, width: int
) -> None:
    """The memory stands under the turns, and is as wide; a long name stays beside the way back."""
    long = "a-name-without-any-blank-" * 3
    fill_chat(api)
    api.chats[long] = api.chats["harbour"]
    with visit(browser, api.url, size=(width, 800)) as at:
        at.go(f"#/chat/{long}").find(".turn").first.wait_for()
        script = "([a, b]) => document.querySelector(a).getBoundingClientRect()[b]"
        left, right = (at.page.evaluate(script, [".memory .card", side]) for side in ("left", "right"))
        assert left == at.page.evaluate(script, [".memory", "left"]) + width - right
        if width < 760:
            back, name = (at.page.evaluate(script, [one, "top"]) for one in (".talk .back", ".talk h1"))
            assert abs(back - name) < 20
        assert not at.overflows()


# Watch


def test_watch_says_what_to_do_while_there_is_nothing(at: Visit) -> None:
    """The address for a client can be copied."""
    at.go("#/watch")
    expect(at.find(".empty")).to_contain_text("Give a client this address")
    expect(at.find(".address")).to_have_text(f"{at.url}v1")


def test_conversations_go_by_as_they_come(at: Visit, api: StubApi) -> None:
    """A request adds its conversation, and moves its figures, without a reload."""
    at.go("#/watch")
    expect(at.find(".head")).to_contain_text("live")
    for number in (1, 2, 3):
        api.add_record("on-call", number)
    expect(at.find("tbody tr")).to_contain_text("on-call")
    expect(at.find(".watch .card h2")).to_have_text("Prefix cache, last 3 requests")
    api.add_record("codex", 7)
    expect(at.find("tbody tr")).to_have_count(2)
    expect(at.find("tbody tr").first).to_contain_text("90 %")


@pytest.mark.parametrize("size", [(1400, 900), (390, 844)])
def test_a_long_name_hides_no_figures(browser: Browser, api: StubApi, size: tuple[int, int]) -> None:
    """A client calls its conversations as it likes; all of the name is told where the pointer rests."""
    long = "a-session-that-a-client-named-" * 6
    api.add_record(long, 1)
    with visit(browser, api.url, size=size) as at:
        at.go("#/watch").find("tbody tr").first.wait_for()
        right = "document.querySelector('tbody td:not(.extra):last-of-type, tbody td.number').getBoundingClientRect()"
        assert at.page.evaluate(f"{right}.left") < size[0]
        assert at.page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.table'))")
        width = "document.querySelector('tbody th').getBoundingClientRect().width"
        assert at.page.evaluate(width) < size[0] / 2
        expect(at.find("tbody th a")).to_have_attribute("title", long)


def test_a_conversation_opens_with_its_costs_its_pages_and_its_warnings(at: Visit, api: StubApi) -> None:
    """What goes by later is added; its turns come in parts; back leads to the list."""
    for number in range(1, 31):
        api.add_record("on-call", number)
    at.go("#/watch")
    at.find("tbody a").click()
    expect(at.find("h1")).to_have_text("on-call")
    expect(at.find(".note.warning")).to_have_text(f"2 pages drawn anew {HOSTILE}")
    expect(at.find(".chart svg").nth(1)).to_have_attribute(
        "aria-label", "Cached share of each prompt: 30 % in the last, 82 % over all"
    )
    assert at.find(".chart .generation").count() == 10
    expect(at.find(".turn")).to_have_count(50)
    expect(at.find(".turn").last).to_contain_text("Turn 60")
    at.press("Earlier turns")
    expect(at.find(".turn")).to_have_count(60)
    at.find(".stack .page").first.click()
    expect(at.find("dialog")).to_be_visible()
    at.page.keyboard.press("Escape")
    api.add_record("on-call", 31)
    expect(at.find(".bare tbody tr").first).to_contain_text("2,712")
    at.page.go_back()
    expect(at.find("tbody a")).to_be_visible()


# For everybody


def test_events_are_read_the_same_however_they_are_cut(at: Visit) -> None:
    """Comments, data of several lines, line ends of three kinds; an event that is not complete is none yet."""
    stream = (
        ': still here\n\nevent: delta\ndata: {"text": "ä"}\n\nevent: odd\r\ndata: 1\r\ndata: 2\r\n\r\n'
        "data: {}\n\nevent: quote\ndata: {}\n"
    )
    script = """async ([stream, size]) => {
        const { createParser } = await import("/glyph/static/js/events.js");
        const feed = createParser();
        const count = Math.ceil(stream.length / size);
        const pieces = Array.from({ length: count }, (_, i) => stream.slice(size * i, size * (i + 1)));
        return pieces.flatMap(feed).map(({ name, data }) => [name, data]);
    }"""
    at.go()
    for size in (1, 2, 3, 7, 1000):
        assert at.page.evaluate(script, [stream, size]) == [
            ["delta", {"text": "ä"}], ["odd", {"text": "1\n2"}], ["message", {}]
        ], size  # fmt: skip


def test_the_keyboard_alone_is_enough(at: Visit) -> None:
    """Skip link first; every stop is seen; a document is drawn, changed and asked about without a mouse."""
    at.go()
    at.find("#pasted").wait_for()
    at.page.keyboard.press("Tab")
    assert at.focused() == "Skip to the content"
    expect(at.find(".skip")).to_be_in_viewport()
    at.page.keyboard.press("Enter")
    at.page.keyboard.press("Tab")
    assert at.focused() == "pasted"
    at.page.keyboard.type("The boom is in shed 3.")
    at.page.keyboard.press("Tab")
    at.page.keyboard.press("Tab")
    at.page.keyboard.press("Enter")
    at.wait_for_pages()
    seen = []
    for _ in range(40):
        at.page.keyboard.press("Tab")
        outline = at.page.evaluate(OUTLINED)
        assert outline, at.focused()
        seen.append(at.focused())
        if at.focused() == "question":
            break
    assert {"look-preset", "look-font_pt", "look-dark", "Page 1, open it large", "question"} <= {*seen}
    at.page.keyboard.type("Where?")
    at.page.keyboard.press("Control+Enter")
    expect(at.find(".usage")).to_be_visible()


def test_the_theme_follows_the_system_until_it_is_switched(browser: Browser, api: StubApi) -> None:
    """The choice is kept, and set before the first paint."""
    with visit(browser, api.url, scheme="dark") as at:
        color = "getComputedStyle(document.documentElement).backgroundColor"
        dark = at.go().page.evaluate(color)
        at.find("[aria-label='Light theme']").click()
        light = at.page.evaluate(color)
        assert dark != light
        at.page.reload(wait_until="commit")
        at.page.wait_for_function("document.documentElement.dataset.theme === 'light'")
        assert at.page.evaluate(color) == light
        at.find("[aria-label='Dark theme']").click()
        assert at.page.evaluate("document.documentElement.dataset.theme") is None


def test_a_key_is_asked_for_and_kept_for_the_tab_alone(browser: Browser) -> None:
    """A wrong one is told; with the right one pages are fetched with it and shown."""
    with StubApi(needs_key="secret") as api, visit(browser, api.url) as at:
        at.expected = "401"
        at.go()
        at.page.fill("#key", "wrong")
        at.page.keyboard.press("Enter")
        expect(at.find("#key-error")).to_contain_text("did not take")
        at.page.fill("#key", "secret")
        at.page.keyboard.press("Enter")
        at.take_text(TEXT)
        expect(at.find(".pages img").first).to_have_js_property("complete", True)
        assert at.find(".pages img").first.evaluate("e => e.src.startsWith('blob:') && e.naturalWidth > 0")
        assert at.page.evaluate("JSON.stringify(localStorage)") == "{}"
        at.page.reload()
        at.wait_for_pages()


def test_without_a_server_the_nano_reader_is_named(browser: Browser) -> None:
    """Who answers is said above and beside the question; how to have a model, too."""
    with StubApi(has_upstream=False) as api, visit(browser, api.url) as at:
        at.go().take_text(TEXT)
        expect(at.find(".bar .state")).to_have_text("nano reader")
        at.find(".options summary").click()
        expect(at.find(".options")).to_contain_text("--upstream")
        at.page.fill("#question", "Where is the boom?")
        at.page.keyboard.press("Control+Enter")
        expect(at.find(".quotes")).to_be_visible()
        assert "model" not in api.posted[-1][1]
        at.go("#/watch")
        expect(at.find(".empty")).to_contain_text("--upstream")


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_view_is_accessible_and_no_wider_than_the_window(
    browser: Browser, api: StubApi, size: tuple[int, int], scheme: Scheme
) -> None:
    """Axe finds nothing serious in any of them, with dialogs, errors and answers open."""
    fill_chat(api)
    for number in range(1, 15):
        api.add_record("on-call", number)
    found: dict[str, list[str]] = {}

    with visit(browser, api.url, size=size, scheme=scheme, reduced_motion="reduce") as at:
        at.expected = "422"
        at.go().find("#pasted").wait_for()
        found["upload"] = list_faults(at)
        at.take_text(TEXT)
        at.page.fill("#question", "Where is the boom?")
        at.page.keyboard.press("Control+Enter")
        at.find(".quotes li button").first.click()
        at.find(".options summary").click()
        found["document"] = list_faults(at)
        at.find(".page").first.click()
        found["page"] = list_faults(at)
        at.page.keyboard.press("Escape")
        at.go("#/chat").find(".chats li").first.wait_for()
        found["chats"] = list_faults(at)
        at.go("#/chat/harbour").find(".turn").first.wait_for()
        at.page.fill("#recall", "tug")
        at.page.keyboard.press("Enter")
        at.find(".found").wait_for()
        found["chat"] = list_faults(at)
        at.go("#/watch").find("tbody tr").first.wait_for()
        found["watch"] = list_faults(at)
        at.find("tbody a").first.click()
        at.find(".chart svg").first.wait_for()
        found["conversation"] = list_faults(at)
    assert {view: wrong for view, wrong in found.items() if wrong} == {}
    assert len(found) == 7


def test_nothing_moves_while_a_document_is_loaded(at: Visit) -> None:
    """The layout's shift, as browsers count it, is next to nothing on a deep link."""
    at.go().take_text(TEXT)
    at.page.add_init_script("""
        window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value; }))
            .observe({ type: "layout-shift", buffered: true });
    """)
    at.page.reload()
    at.wait_for_pages()
    at.page.wait_for_timeout(100)
    assert at.page.evaluate("window.shift") < 0.05
