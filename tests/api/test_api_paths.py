"""The happy paths, through HTTP: plan, meet, read, settle."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from api_kit import World, served


def run(folder: Path, steps: Callable[[World], Awaitable[None]], **more: Any) -> None:
    """Serve a new theatre and go through the steps."""

    async def go() -> None:
        async with served(folder, **more) as world:
            await steps(world)

    asyncio.run(go())


def test_two_plans_meet_and_each_side_sees_its_part(tmp_path: Path) -> None:
    """The filer is answered with the conflict; both views show it; a bystander's shows nothing."""

    async def steps(world: World) -> None:
        await world.plan("AAA", world.box())
        _, second = await world.plan("BBB", world.box(lon=-38.01))
        assert second.status_code == 200, second.text
        answer = second.json()
        assert answer["outcome"] == "accepted"
        assert len(answer["conflicts"]) == 1
        assert answer["conflicts"][0]["other"] == {
            "party": "AAA",
            "name": "Party AAA",
            "what": "operation",
            "label": None,
            "id": None,
            "shared": None,
        }
        for party, peer in (("AAA", "BBB"), ("BBB", "AAA")):
            view = await world.view(party)
            (conflict,) = view["conflicts"]
            assert conflict["other"]["party"] == peer
            assert conflict["places"][0]["shows"] == "overlap"
            assert [o["party"] for o in view["operations"]] == [party]
        assert (await world.view("CCC"))["conflicts"] == []
        assert (await world.view("CCC"))["operations"] == []

    run(tmp_path, steps)
