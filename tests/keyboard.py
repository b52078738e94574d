"""A page that is used by its keyboard alone."""

_FIND = """
const controls = [...document.querySelectorAll(
  'a[href], button, input, select, textarea, summary, iframe, [tabindex="0"]'
)].filter((it) => !it.matches(':disabled') && it.checkVisibility());
const told = (it) => it.outerHTML.slice(0, 100);
"""

CONTROLS = f"() => {{ {_FIND} return controls.map(told); }}"
"""What can be used of a page."""

FOCUSED = f"""() => {{ {_FIND}
  const it = document.activeElement, style = getComputedStyle(it);
  const seen = it.tagName === 'IFRAME' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0);
  return [controls.indexOf(it), seen, told(it)];
}}"""
"""Which of them has the focus, whether that is seen, and what it is."""

_MOST = 600
"""Keys until something is called a trap: the page of a report has some hundred controls."""


def walk(page):
    """Press Tab to the end of a page, and back: each control in its order has the focus, and shows it."""
    last = len(page.evaluate(CONTROLS)) - 1
    assert last > 0
    forth, back = _press(page, "Tab", last), _press(page, "Shift+Tab", 0)
    assert forth == list(range(forth[0], last + 1))
    # The first keys may be those of a frame, where that is the last control.
    assert [place for place in back if place != last] == list(range(last))[::-1]


def _press(page, key, last):
    """Press a key until the last control has the focus; return the places of those that had it."""
    found = []
    for _ in range(_MOST):
        page.keyboard.press(key)
        place, seen, it = page.evaluate(FOCUSED)
        # Else it is the page as a whole, or something else of a frame.
        if place >= 0 and found[-1:] != [place]:
            assert seen, f"nothing shows that it has the focus: {it}"
            found.append(place)
        if place == last:
            return found
    raise AssertionError(f"{key} does not lead on from {it}")


def use(page, selector, *keys):
    """Press Tab until a control has the focus, and then keys."""
    wanted = page.locator(selector).first
    wanted.wait_for()
    for _ in range(_MOST):
        if wanted.evaluate("it => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    else:
        raise AssertionError(f"Tab does not lead to {selector}")
    for key in keys:
        page.keyboard.press(key)
