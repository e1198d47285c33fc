"""What a person does at the page, for its tests: sign on, press a button, and what the node then got."""

import page_stub
from page_browser import Page

DRAWN = "document.documentElement.dataset.map==='idle'&&document.querySelector('#marks g')"
LIVE = "document.documentElement.dataset.state==='live'&&document.querySelector('#cards').childElementCount"


ANSWERED = "async m=>{while(m.world.sending)await new Promise(resolve=>setTimeout(resolve,20))}"
"""The page has the answer to what it sent: until then it sends nothing else."""


def sign_on(page: Page, node: page_stub.Running, wait: str = LIVE) -> None:
    page.open(node.signed_on)
    page.until(wait)


def said(stub: page_stub.Stub, page: Page) -> object:
    """The next command that the node got."""
    page.until("true")
    for _ in range(200):
        if stub.commands:
            page.run(f"import('/app/state.js').then({ANSWERED})")
            return stub.commands.pop(0)["command"]
        page.run("new Promise(resolve=>setTimeout(resolve,25))")
    raise AssertionError("no command arrived")


def middle(page: Page, key: str) -> tuple[float, float]:
    """Where a button's middle is on screen, once the button is there."""
    page.until(f"document.querySelector('[data-k=\"{key}\"]')")
    x, y = page.run(
        f"(()=>{{const e=document.querySelector('[data-k=\"{key}\"]');e.scrollIntoView({{block:'center'}});"
        "const b=e.getBoundingClientRect();return [b.x+b.width/2,b.y+b.height/2]})()"
    )
    return x, y


def button(page: Page, key: str) -> None:
    """Presses a button as a person does: at its middle."""
    page.click(*middle(page, key))
