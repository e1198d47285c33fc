"""`wideberth tokens`: an issuer of bearer tokens for trying things out, on one machine.

In:  a file for the issuer's RSA key (PEM); who a token speaks for, for what, and for which host.
Out: the key and its public side; a token; a small server that gives tokens to whoever asks.
Refuses (exit status 2) files that exist, keys that are none, and an address off loopback: whoever reaches this server
is whoever it says.
"""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from wideberth.cli.out import FAILED, Stop, say
from wideberth.config import Config, is_loopback
from wideberth.limits import TOKEN_LIFE_US_MAX
from wideberth.node.opening import NodeFailed
from wideberth.node.serve import listen, url_of, uvicorn_server
from wideberth.tokens.dev import JWKS_PATH, issuing_app
from wideberth.tokens.issuer import Issuer, new_private_pem

ISSUER: Final = "trial-issuer"
PORT: Final = 8085
SUFFIX: Final = ".pub"
LIFE_S_MAX: Final = TOKEN_LIFE_US_MAX // 1_000_000

KeyPath = Annotated[Path, Parameter(name="--key", help="The issuer's private key (PEM).")]
Name = Annotated[str, Parameter(name="--issuer", help="The issuer's name: `iss` of its tokens.")]


def new_key(file: Annotated[Path, Parameter(help="Key file to make; FILE.pub is made beside it.")]) -> int:
    """Make the RSA key of an issuer, for trying things out.

    A node that is to take its tokens is told of the public side: wideberth serve ... --token-key FILE.pub

    Example: wideberth tokens new-key issuer.pem
    """
    public = file.with_name(file.name + SUFFIX)
    for path in (file, public):
        if path.exists():
            raise Stop(f"{path} exists; keys are never overwritten.")
    pem = new_private_pem()
    with open(file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as private:
        private.write(pem)
    with public.open("xb") as shown:
        shown.write(Issuer(pem, "").public_pem)
    say(f"{file}: RSA key of an issuer, for trying things out.")
    say(f"{public}: its public side; give it to the node with --token-key.")
    return 0


def get(
    *,
    key: KeyPath,
    sub: Annotated[str, Parameter(help="The supplier for whom the token speaks.")],
    scope: Annotated[list[str], Parameter(negative="", help="What it is for; once for each scope.")],
    audience: Annotated[list[str], Parameter(negative="", help="For which host; once for each.")],
    issuer: Name = ISSUER,
    life_s: Annotated[int, Parameter(help="For how many seconds it holds.")] = LIFE_S_MAX,
) -> int:
    """Print one bearer token.

    Example: wideberth tokens get --key issuer.pem --sub USS1 --scope utm.strategic_coordination --audience localhost
    """
    if not 1 <= life_s <= LIFE_S_MAX:
        raise Stop(f"--life-s: 1 to {LIFE_S_MAX:,}; a node takes no token that lives longer.")
    scopes = [word for given in scope for word in given.split()]
    whom = audience[0] if len(audience) == 1 else audience
    say(_issuer(key, issuer).mint(sub, scopes, whom, time.time(), life_s))
    return 0


def serve(
    *,
    key: KeyPath,
    port: Annotated[int, Parameter(help="Port; 0 takes a free one.")] = PORT,
    host: Annotated[str, Parameter(help="An address of this machine alone.")] = "127.0.0.1",
    issuer: Name = ISSUER,
) -> int:
    """Give tokens to whoever asks on this machine, for trying things out, until told to stop (Ctrl-C).

    It checks nobody and is never to be reached from elsewhere; a theatre that matters has an issuer that does.

    Example: wideberth tokens serve --key issuer.pem --port 8085
    """
    if not is_loopback(host):
        raise Stop(f"--host {host}: this issuer gives tokens to whoever asks, so it listens on loopback alone.")
    config = Config(folder=Path(), host=host, port=port)
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(_issuer(key, issuer), config))
    return 0


async def _serve(issuer: Issuer, config: Config) -> None:
    try:
        listening = listen(config)
    except NodeFailed as error:
        raise Stop(str(error), FAILED) from error
    url = url_of(config, listening.getsockname()[1])
    with listening:
        server = uvicorn_server(issuing_app(issuer, time.time), config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        say(f"FOR TRYING THINGS OUT: whoever asks at {url}/token gets a token of {issuer.name} for any name.")
        say(f"Key set at {url}{JWKS_PATH}. Stop with Ctrl-C.")
        await serving


def _issuer(path: Path, name: str) -> Issuer:
    try:
        return Issuer(path.read_bytes(), name)
    except ValueError as error:
        why = str(error).rstrip(".?")
        raise Stop(f"{path}: not the private key of an issuer: {why}. See: wideberth tokens new-key") from error
