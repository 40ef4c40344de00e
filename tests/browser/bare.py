"""The run view on a page with nothing else, fed with frames as a notebook's kernel sends them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from jupyter import page_of

from jupyter_wayang.notebook.widgets.bundle import bundled
from jupyter_wayang.notebook.widgets.frames import frame_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from jupyter_wayang.events import AnyEvent

_OPEN = """async (text) => {
  const run = await import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  const hears = new Set();
  const model = {
    get: () => ({}), send: () => undefined,
    on: (name, hear) => { if (name === 'msg:custom') hears.add(hear); },
    off: (name, hear) => hears.delete(hear),
  };
  const el = document.body.appendChild(document.createElement('div'));
  run.default().render({ model, el });
  window.hears = hears;
}"""

# Returns when what came with it has been painted.
_FRAME = """async ([head, body]) => {
  const bytes = Uint8Array.from(atob(body), (one) => one.charCodeAt(0));
  for (const hear of window.hears) hear({ type: 'frame', head: JSON.parse(head) }, [new DataView(bytes.buffer)]);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""


@contextmanager
def run_view(browser: Browser) -> Iterator[Page]:
    """Give a page with a run view that has heard nothing yet."""
    with page_of(browser) as page:
        page.set_content('<!doctype html><body data-jp-theme-light="true"></body>')
        page.add_style_tag(content=bundled("wayang.css"))
        page.evaluate(_OPEN, bundled("run.js"))
        yield page


def send(page: Page, events: Sequence[AnyEvent]) -> None:
    """Send events that follow each other as one frame, and wait until they are drawn."""
    frame = frame_of(events, since=events[0].seq - 1, now_s=events[-1].at_s)
    page.evaluate(_FRAME, [msgspec.json.encode(frame.head).decode(), base64.b64encode(frame.body).decode()])
