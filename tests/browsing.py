"""A page in Debian's chromium, with all that it must not do watched."""

from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def watched(browser, url, *, scheme="light", width=1280, meant=()):
    """Open a page; at the end its console is empty, no other host was asked, and it does not scroll aside.

    ``meant`` are parts of what its console may say, where the server is to refuse something or to be gone.
    """
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(url)
        yield page
        assert [text for text in said if not any(it in text for it in meant)] == []
        assert {urlsplit(it).netloc for it in asked if not it.startswith("data:")} == {urlsplit(url).netloc}
        assert page.evaluate("document.documentElement.scrollWidth") == width
    finally:
        page.close()
