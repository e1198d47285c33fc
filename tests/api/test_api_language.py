"""Refusals in the language that the asker reads."""

import asyncio
from pathlib import Path

import pytest
from api_kit import found_in, opened

from wideberth.refusal import Refusal
from wideberth.theatre.shown import id_text
from wideberth.voice.catalogues import LANGUAGES
from wideberth.voice.refusals import named, sentence


def test_a_refusal_is_said_in_the_readers_language(tmp_path: Path) -> None:
    """The sentence follows Accept-Language; what programs read stays the same; without a wish it is English."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            path = f"/v1/messages/BBB/{id_text(bytes(16))}"
            headers = await world.headers("AAA")
            plain = (await world.client.get(path, headers={**headers, "accept-language": ""})).json()
            for language in LANGUAGES:
                wish = {"accept-language": f"zz, {language}-XX;q=0.8, *;q=0.1"}
                answer = await world.client.get(path, headers={**headers, **wish})
                body = answer.json()
                reason = named(body["reason"])
                assert reason is not None
                refusal = Refusal(reason, body["field"], body["limit"], body["received"])
                assert body["detail"] == sentence(refusal, language)
                assert {**body, "detail": plain["detail"]} == plain
                assert answer.headers["content-language"] == language
            assert plain["detail"] == refusal.sentence()
            unsigned = await world.client.get("/v1/messages", headers={"accept-language": "fa"})
            assert unsigned.status_code == 401
            assert unsigned.headers["content-language"] == "fa"

    asyncio.run(go())


@pytest.mark.parametrize("header", ["de" * 4_000, ",;" * 3_000, "de;q=\u00e9"])
def test_no_header_disturbs_an_answer(tmp_path: Path, header: str) -> None:
    """Whatever stands in Accept-Language, the refusal arrives."""

    async def go() -> None:
        found_in(tmp_path)
        async with opened(tmp_path) as world:
            wish = {b"accept-language": header.encode("latin-1")}
            answer = await world.client.get("/v1/messages", headers=wish)
            assert (answer.status_code, answer.headers["content-language"]) == (401, "en")

    asyncio.run(go())
