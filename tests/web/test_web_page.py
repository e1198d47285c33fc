"""The page in a real browser, against a node of cardboard that opens every command with the house's own reader.

Skipped, with the reason on screen, where no Chromium is installed (Debian: apt-get install chromium).
"""

import re

import msgspec
import page_browser
import page_stub
import page_world as pw
import pytest
from page_browser import Page
from page_steps import DRAWN, LIVE, button, said, sign_on

from wideberth.party.command import AcceptRisk, Concur, Object, PlanSubject, Procedure, ProposalSubject, Propose, Shift

pytestmark = pytest.mark.skipif(page_browser.find() is None, reason="no Chromium here: apt-get install chromium")


def test_loads_under_the_policy_and_asks_nobody_else(page: Page, node: page_stub.Running) -> None:
    """The page draws its map under the strict content policy, complains of nothing, and asks no other host."""
    sign_on(page, node, DRAWN)
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith((node.url, "data:", "blob:" + node.url))] == []


def test_key_leaves_the_address_and_cannot_be_read(plain: Page, node: page_stub.Running) -> None:
    """The seed is gone from the address bar at once, and what signs is a key that nobody can export."""
    sign_on(plain, node)
    assert plain.run("location.href") == node.url
    assert plain.run("import('/app/state.js').then(m=>m.world.signer.key.extractable)") is False
    assert page_stub.to64(page_stub.SEED) not in plain.run(
        "JSON.stringify(localStorage)+JSON.stringify(sessionStorage)"
    )


def test_reload_keeps_the_watch_and_sign_off_ends_it(plain: Page, node: page_stub.Running) -> None:
    """After sign-on by the exercise's address a reload goes on; after sign-off nobody is signed on any more."""
    sign_on(plain, node)
    plain.open(node.url)
    plain.until(LIVE)
    plain.run("document.querySelector('#sign-off').click()")
    plain.until("document.querySelector('#party')")
    plain.open(node.url)
    plain.until("document.querySelector('#party')")


def test_sign_on_by_hand(plain: Page, node: page_stub.Running) -> None:
    """A pasted seed signs on; a wrong one is refused in words, and the field can be used again."""
    plain.open(node.url)
    plain.until("document.querySelector('#party')")
    plain.type("HAS")
    plain.run("document.querySelector('#seed').focus()")
    plain.type("not a key")
    plain.key("Enter")
    plain.until("document.querySelector('.problem:not([hidden])')")
    assert "43" in plain.run("document.querySelector('.problem').textContent")
    plain.run("document.querySelector('#seed').value=''")
    plain.type(page_stub.to64(bytes(32)))
    plain.key("Enter")
    wrong = "This is not HAS's watch key. Paste it again."
    plain.until(f"document.querySelector('.problem').textContent===`{wrong}`")
    assert plain.run("[document.querySelector('#party').value,document.activeElement.id]") == ["HAS", "seed"]
    plain.run("document.querySelector('[data-v=\"de\"]').click()")
    plain.until("document.querySelector('#signon h1').textContent.startsWith('Anmelden')")
    assert plain.run("document.querySelector('#party').value") == "HAS"
    plain.run("document.querySelector('#seed').focus()")
    plain.type(page_stub.SEED.hex())
    plain.key("Enter")
    plain.until(LIVE)


def test_canonical_bytes(plain: Page, node: page_stub.Running) -> None:
    """What the plain signs is byte for byte what the house's own encoder writes, at every size of every family."""
    plain.open(node.url)
    plain.until("document.querySelector('#party')")
    edges = [0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2**31, 2**32 - 1, 2**32, 2**53 - 1]
    numbers = edges + [-e for e in edges if e <= 2**53 - 1] + [-33, -129, -32_769, -(2**31) - 1]
    texts = ["", "a" * 31, "ä" * 16, "x" * 255, "x" * 256, "€" * 30_000]
    value = [numbers, texts, [], list(range(15)), list(range(16)), list(range(70_000)), None, True, False]
    sent = msgspec.json.encode(value).decode()
    got = plain.run(f"import('/app/msgpack.js').then(m=>m.toBase64(m.encode({sent}).slice(0,2000)))")
    whole = plain.run(
        "import('/app/msgpack.js').then(async m=>m.toBase64(new Uint8Array("
        f"await crypto.subtle.digest('SHA-256',m.encode({sent})))))"
    )
    expected = msgspec.msgpack.encode(value)
    assert page_stub.from64(got) == expected[:2000]
    assert page_stub.from64(whole) == page_stub.hashlib.sha256(expected).digest()
    sizes = [0, 255, 256, 65_536]
    for size in sizes:
        head = plain.run(f"import('/app/msgpack.js').then(m=>m.toBase64(m.encode(new Uint8Array({size})).slice(0,9)))")
        assert page_stub.from64(head) == msgspec.msgpack.encode(bytes(size))[:9]


def test_keyboard_from_needs_you_to_concur(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """With the keyboard alone: to the second need, into its conflict, to Concur; the signed command settles it."""
    stub.reset("busy")
    sign_on(plain, node)
    plain.until("document.querySelectorAll('#cards .card').length>2")
    plain.key("j")
    plain.key("j")
    assert plain.run("document.activeElement.dataset.need") == f"conflict:{pw.name_id('C-19B2')}"
    plain.key("c")
    plain.until("document.activeElement.tagName==='H1'")
    for _ in range(60):
        plain.key("Tab")
        if plain.run("document.activeElement.dataset.k") == "act-main":
            break
    assert plain.run("document.activeElement.textContent") == "Concur"
    plain.key("Enter")
    command = said(stub, plain)
    wanted = ProposalSubject(pw.uuid.UUID(pw.name_id("C-19B2")).bytes, pw.uuid.UUID(pw.name_id("P2")).bytes)
    assert command == Concur(wanted)
    plain.until("document.querySelector('#conf h1').textContent.includes('settled')")
    assert plain.complaints == []


def test_propose_with_p_and_withdraw(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """P proposes the chosen way, in microseconds; then the same place offers to withdraw it."""
    sign_on(plain, node)
    plain.key("3")
    plain.until("document.querySelector('[data-k=\"act-main\"]')?.textContent.includes('25 min')")
    plain.key("p")
    command = said(stub, plain)
    assert isinstance(command, Propose)
    assert command.change == Shift("mine", 1_500_000_000, 0)
    plain.until("document.querySelector('[data-k=\"act-main\"]').textContent.includes('Withdraw')")
    button(plain, "act-main")
    assert said(stub, plain).__struct_config__.tag == "withdraw"  # type: ignore[attr-defined]


def test_procedure_in_words(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """A procedure cannot be sent empty; its words travel as a part of their own, fitting its commitment."""
    sign_on(plain, node)
    plain.key("3")
    button(plain, "choice:procedure")
    button(plain, "act-main")
    plain.until("document.querySelector('.cbar .problem')")
    plain.until("document.activeElement.dataset.k==='procedure-text'")
    plain.type("Call the tower of Pelit before entering.")
    button(plain, "act-main")
    for _ in range(100):
        if stub.commands:
            break
        plain.run("new Promise(resolve=>setTimeout(resolve,25))")
    got = stub.commands.pop(0)
    assert isinstance(got["command"].change, Procedure)
    assert got["words"] == ["Call the tower of Pelit before entering."]


def test_risk_needs_a_reason(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Accepting the risk asks for a reason first and sends it along; Escape leaves the form."""
    sign_on(plain, node)
    plain.key("3")
    button(plain, "act-risk")
    plain.until("document.activeElement.dataset.k==='writing'")
    plain.key("Escape")
    plain.until("!document.querySelector('[data-k=\"writing\"]')")
    button(plain, "act-risk")
    plain.until("document.activeElement.dataset.k==='writing'")
    button(plain, "writing-send")
    plain.until("document.querySelector('.cbar .problem')")
    assert stub.commands == []
    button(plain, "writing")
    plain.type("Pelit runs out of water at noon.")
    button(plain, "writing-send")
    assert isinstance(said(stub, plain), AcceptRisk)


def test_concurrence_asked_and_objected(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """A plan through an agreed area is concurred with, or objected to with a reason, from its card."""
    stub.reset("busy")
    sign_on(plain, node)
    asked = pw.uuid.UUID(pw.name_id("MAF-77"))
    button(plain, f"object:asked:{asked}")
    plain.until("document.activeElement.dataset.k==='writing'")
    plain.type("Convoy on the road below.")
    button(plain, "writing-send")
    command = said(stub, plain)
    assert isinstance(command, Object)
    assert command.subject == PlanSubject("MAF", asked.bytes, 2)
    plain.until("document.querySelector('#needs').textContent.includes('You objected')")
    button(plain, f"concur:asked:{asked}")
    assert said(stub, plain) == Concur(PlanSubject("MAF", asked.bytes, 2))


def test_refusal_is_said_in_the_readers_language(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """What the node refuses is said where one is looking, in the chosen language, and nothing changes."""
    stub.refuse = "stale-version"
    sign_on(plain, node)
    plain.run("document.querySelector('[data-v=\"de\"]').click()")
    plain.key("3")
    plain.until("document.querySelector('[data-k=\"act-main\"]')?.textContent.includes('25 min')")
    button(plain, "act-main")
    plain.until("document.querySelector('.cbar .problem')?.textContent.includes('Fassung')")
    assert stub.commands == []


def test_link_lost_says_so_and_keeps_what_is_signed(page: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """15 s without a tick: the frame, the age, parties not known; a command is kept, and leaves once when it can."""
    sign_on(page, node)
    page.key("3")
    page.until("document.querySelector('[data-k=\"act-main\"]')?.textContent.includes('25 min')")
    stub.silent = True
    page.run("{const real=performance.now.bind(performance);performance.now=()=>real()+16000}")
    page.until("document.documentElement.dataset.state==='lost'")
    assert page.run("document.querySelector('#link').textContent").startswith("LINK LOST")
    assert set(page.run("[...document.querySelectorAll('#parties span')].map(e=>e.textContent.slice(0,15))")) == {
        "not known since"
    }
    page.key("p")
    page.until("document.querySelector('#outbox:not([hidden])')")
    assert "Not sent" in page.run("document.querySelector('.cbar').textContent")
    page.key("1")
    page.until("document.querySelector('#lostveil:not([hidden])')")
    assert "Link lost. You see" in page.run("document.querySelector('#lostveil').textContent")
    assert stub.commands == []
    stub.silent = False
    page.until("document.documentElement.dataset.state==='live'")
    page.until("document.querySelector('#outbox').hidden")
    assert [type(c["command"]) for c in stub.commands] == [Propose]


def test_looking_ahead(plain: Page, node: page_stub.Running) -> None:
    """The keys move the time shown, a frame says that it is not live, 0 comes back to now."""
    sign_on(plain, node)
    plain.key(".")
    plain.key(".")
    plain.until("document.documentElement.dataset.state==='ahead'")
    assert "not live" in plain.run("document.querySelector('#lookframe').textContent")
    assert plain.run("document.querySelector('#prof-title').textContent") == "Altitude at 06:45Z"
    plain.key("0")
    plain.until("document.documentElement.dataset.state==='live'&&document.querySelector('#lookframe').hidden")


def test_letters_can_be_switched_off(page: Page, node: page_stub.Running) -> None:
    """With the keys off no letter, figure or mark does anything; Escape still leads back."""
    sign_on(page, node)
    page.key("?", text="?")
    page.until("document.querySelector('#help').open")
    page.run("document.querySelector('#help input').click()")
    page.run("document.querySelector('#help').close()")
    for key in ("3", "t", "n", ".", "c"):
        page.key(key)
    assert page.run("[document.documentElement.dataset.room,document.documentElement.dataset.palette]") == [
        "watch",
        "day",
    ]
    assert page.run("document.querySelector('#as-table').hidden") is True
    page.run("document.querySelector('[data-v=\"conflict\"]').click()")
    page.key("Escape")
    page.until("document.documentElement.dataset.room==='watch'")


def test_focus_survives_news(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """A notice that arrives takes neither the focus nor a half-written reason from under one's fingers."""
    sign_on(plain, node)
    plain.key("3")
    button(plain, "act-risk")
    plain.until("document.activeElement.dataset.k==='writing'")
    plain.type("Half a sen")
    stub.version += 1
    stub.position += 1
    plain.until("document.querySelector('#link').textContent.includes('48\\u202f214')")
    plain.until("import('/app/state.js').then(m=>m.world.view.as_of.position===48214)")
    assert plain.run("[document.activeElement.dataset.k,document.activeElement.value]") == ["writing", "Half a sen"]


def test_empty_says_what_would_appear(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """With nothing to do the plain says so, as of when, and what was checked; empty lanes say what they would hold."""
    stub.reset("empty")
    sign_on(plain, node)
    text = plain.run("document.querySelector('#cards').innerText")
    assert "Nothing needs you." in text
    assert re.search(r"No known conflict, as of 06:\d\d:\d\dZ", text)
    assert "48\u202f213" in text
    assert "3 NM or 3\u202f000 ft" in text
    assert "would appear here" in plain.run("document.querySelector('#lanes').innerText")


def test_options_speak_the_readers_language(plain: Page, node: page_stub.Running) -> None:
    """What an option was tested against, and that it begins late, is said in German, not with the node's sentence."""
    sign_on(plain, node)
    plain.run("document.querySelector('[data-v=\"de\"]').click()")
    plain.key("3")
    plain.until("document.querySelectorAll('#conf label.opt').length>2")
    told = plain.run("document.querySelector('#conf [role=radiogroup]').innerText")
    assert "verborgen und wurde nicht geprüft" in told
    assert told.count("Vorlaufzeit der Charta") == 1
    assert "in English" not in told


def test_what_is_settled_is_grey(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Once a conflict is settled nothing of it is drawn in the colour of warnings; open, it is."""
    amber = (
        "(()=>{const probe=document.createElement('i');probe.style.color='var(--amber)';document.body.append(probe);"
        "const amber=getComputedStyle(probe).color;probe.remove();"
        "return [...document.querySelectorAll('#conf .too-near,#conf .trackb i')].map(e=>{const c=getComputedStyle(e);"
        "return c.fill.includes('#hA')||c.backgroundImage.includes(amber)})})()"
    )
    sign_on(plain, node)
    plain.key("3")
    plain.until("document.querySelector('#conf .trackb i')")
    assert plain.run(amber) == [True] * 4
    stub.view["conflicts"][0]["state"] = "settled"
    stub.version += 1
    stub.position += 1
    plain.until("document.querySelector('#conf h1').textContent.includes('settled')")
    assert plain.run(amber) == [False] * 4


def test_a_closure_asks_for_no_overlap(plain: Page, node: page_stub.Running, stub: page_stub.Stub) -> None:
    """Where the minima are nothing the card says that nothing may overlap, in both languages, and no zero."""
    place = stub.view["conflicts"][0]["places"][0]
    place |= {"minimum_horizontal_m": 0.0, "minimum_vertical_m": 0.0, "vertical_m": -200.0}
    sign_on(plain, node)
    told = "document.querySelector('#cards .card').innerText"
    assert "the volumes overlap; charter asks for no overlap" in plain.run(told)
    plain.run("document.querySelector('[data-v=\"de\"]').click()")
    plain.until(f"{told}.includes('Charta verlangt: keine Überschneidung')")
    plain.key("3")
    plain.until("document.querySelector('#conf .near')")
    assert not re.search(r"\b0 (m|km|ft|NM)", plain.run("document.querySelector('#conf .near').innerText"))


def test_a_card_off_the_map_leads_there(page: Page, node: page_stub.Running) -> None:
    """A card whose conflict the map does not show offers to show it, flies there, and then offers it no more."""
    sign_on(page, node, DRAWN)
    offers = f"document.querySelector('[data-k=\"map:{pw.name_id('C-0031')}\"]')"
    assert page.run(offers) is None
    page.run("import('/app/map.js').then(m=>void m.get().jumpTo({center:[-37.6,41.7],zoom:11}))")
    page.until(offers)
    button(page, f"map:{pw.name_id('C-0031')}")
    page.until(f"!{offers}")
    assert page.run("import('/app/map.js').then(m=>m.sees([-38.4806,42.2806]))") is True
    assert page.complaints == []


def test_narrow_screens_say_who_was_heard(plain: Page, node: page_stub.Running) -> None:
    """At a width of 900 and below every party still says when it was heard."""
    plain.size(900, 1180)
    sign_on(plain, node)
    plain.until("document.querySelector('#parties li')")
    assert len(re.findall(r"heard \d+ ", plain.run("document.querySelector('#parties').innerText"))) == 5


def test_works_without_webgl(plain: Page, node: page_stub.Running) -> None:
    """Where the browser draws no map the table stands in for it, with a plain word why, and all else works."""
    sign_on(plain, node)
    plain.until("document.querySelector('#as-table:not([hidden]) tbody tr')")
    assert "WebGL" in plain.run("document.querySelector('#as-table').innerText")
    assert "HAS-0417" in plain.run("document.querySelector('#as-table').innerText")
    plain.key("3")
    plain.until("document.querySelector('#conf h1')")
