"""A page that is used by its keyboard alone."""

from time import monotonic

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

_ACTIVE = f"""() => {{ {_FIND}
  const it = document.activeElement;
  return [controls.indexOf(it), it.tagName === 'IFRAME'];
}}"""

_ACTIVE_IN_FRAME = f"""() => {{ {_FIND}
  return [controls.indexOf(document.activeElement), document.hasFocus()];
}}"""

_PATIENCE = 30
"""Seconds for which a key may do nothing."""

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
        _press_once(page, key)
        place, seen, it = page.evaluate(FOCUSED)
        # Else it is the page as a whole, or something else of a frame.
        if place >= 0 and found[-1:] != [place]:
            assert seen, f"nothing shows that it has the focus: {it}"
            found.append(place)
        if place == last:
            return found
    raise AssertionError(f"{key} does not lead on from {it}")


def _press_once(page, key):
    """Press a key that moves the focus, and wait for what it does: a frame is in a process of its own."""
    before = _focus(page)
    page.keyboard.press(key)
    if len(page.frames) == 1:
        return
    end = monotonic() + _PATIENCE
    while monotonic() < end:
        focus = _focus(page)
        (_, in_frame), *frames = focus
        if focus != before and in_frame == any(has_focus for _, has_focus in frames):
            return
    raise AssertionError(f"{key} moves nothing: {before}")


def _focus(page):
    """Return what is active in the page and in each frame of it, and whether that is a frame, or has the focus."""
    return [page.evaluate(_ACTIVE), *(frame.evaluate(_ACTIVE_IN_FRAME) for frame in page.frames[1:])]


def use(page, selector, *keys):
    """Press Tab until a control has the focus, and then keys."""
    wanted = page.locator(selector).first
    wanted.wait_for()
    for _ in range(_MOST):
        if wanted.evaluate("it => it === document.activeElement"):
            break
        _press_once(page, "Tab")
    else:
        raise AssertionError(f"Tab does not lead to {selector}")
    for key in keys:
        page.keyboard.press(key)
