"""Candidates and exact answers among a million live volumes; coming and going; memory.

Peers hold the same boxes in four dimensions: rtree loaded in bulk (its best case), shapely's STRtree on longitude and
latitude with band and window compared by numpy afterwards (it cannot change), PostGIS with GiST. All give boxes only.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import rtree
import shapely

from bench import postgis
from bench.frame import Figure, Spread, console, in_turns, keep, kept, resident_bytes, seconds, steps, times_us
from bench.world import Int64s, World, world
from wideberth.space.index import Index, Slots
from wideberth.space.live import LiveVolumes
from wideberth.space.volume import Volume4D, boxes

LIVE = 1_000_000
CHUNK = 20_000
LEAST, MOST = [2, 0, 4, 6], [3, 1, 5, 7]
NO_M, NO_MM = np.zeros(1), np.zeros(1, np.int64)


def run(quick: bool) -> list[Figure]:
    """All figures of the index."""
    asked = 300 if quick else 1_000
    here = world(LIVE, seed=1)
    live, held, memory = fill(here)
    index = Index()
    index.add(np.arange(LIVE), held)
    volumes = world(asked, seed=2).volumes()
    queries = boxes(volumes)
    peers: dict[str, Peer] = {"rtree": Rtree(held), "STRtree": STRtree(held)}
    pg = peer_postgis(held, queries, quick)
    asks: dict[str, Callable[[int], npt.NDArray[np.float64]]] = {
        "ours": lambda _: times_us(index.query, list(queries[:, None])),
        "exact": lambda _: times_us(lambda v: live.near((v,), NO_M, NO_MM), volumes),
    }
    for name, peer in peers.items():
        asks[name] = lambda _, peer=peer: times_us(peer.query, list(queries))  # type: ignore[misc]
    for ask in asks.values():
        ask(-1)
    spreads = in_turns(asks, "queries")
    hits = [len(index.query(query[None])[1]) for query in queries]
    near = [len(live.near((volume,), NO_M, NO_MM).slot) for volume in volumes]
    figures = queries_figures(spreads, pg, hits, near)
    figures += upsert_figures(index, held, peers["rtree"], live, here, pg)
    return [*figures, memory] if quick else [*figures, memory, crowded_figure(asked)]


def crowded_figure(asked: int) -> Figure:
    """The exact test where a query meets hundreds: a million wide volumes."""
    live, _, _ = fill(world(LIVE, seed=1, crowded=True))
    volumes = world(asked, seed=2, crowded=True).volumes()
    ask = {"exact": lambda _: times_us(lambda v: live.near((v,), NO_M, NO_MM), volumes)}
    ask["exact"](-1)
    spread = in_turns(ask, "crowded queries")["exact"]
    hits = [len(live.near((volume,), NO_M, NO_MM).slot) for volume in volumes]
    note = f"with the exact test, us: {spread}; hits p50 {np.median(hits):.0f}, p99 {np.percentile(hits, 99):.0f}"
    return Figure("index_query_crowded_us_p99", "us", spread.p99, note=note)


def fill(here: World) -> tuple[LiveVolumes, Int64s, Figure]:
    """All volumes live, their boxes, and what they take in memory."""
    warm = LiveVolumes()
    few = here.volumes(slice(4))
    warm.near(few, NO_M, NO_MM)
    warm.remove(warm.add(few, 0))
    before = resident_bytes()
    live = LiveVolumes()
    for at in steps(range(0, len(here), CHUNK), "a million volumes"):
        live.add(here.volumes(slice(at, at + CHUNK)), 0)
    grown = (resident_bytes() - before) / 1e6
    held = np.concatenate([boxes(here.volumes(slice(at, at + CHUNK))) for at in range(0, len(here), CHUNK)])
    note = f"index and exact shapes of {len(here):,} volumes of 4 vertices; arrays hold {live.nbytes / 1e6:.0f} MB"
    return live, held, Figure("live_resident_mb", "MB", grown, None, "", "lower", "<= 900 MB", grown <= 900, note)


class Peer:
    """Something else that holds the boxes."""

    def query(self, box: Int64s) -> object:
        """What meets a box (8,)."""
        raise NotImplementedError

    def upsert(self, row: int) -> None:
        """Take one box out and put it back."""
        raise NotImplementedError


class Rtree(Peer):
    """rtree (libspatialindex) in four dimensions."""

    def __init__(self, held: Int64s) -> None:
        self.least = held[:, LEAST].astype(float)
        # windows are half open: its own are closed
        self.most = held[:, MOST].astype(float) - [0, 0, 0, 1]
        properties = rtree.index.Property(dimension=4)
        self.tree = rtree.index.Index((np.arange(len(held)), self.least, self.most), properties=properties)

    def query(self, box: Int64s) -> object:
        """Ids."""
        return list(self.tree.intersection((*box[LEAST].tolist(), *box[MOST[:3]].tolist(), box[7] - 1)))

    def upsert(self, row: int) -> None:
        """One box."""
        sides = (*self.least[row], *self.most[row])
        self.tree.delete(row, sides)
        self.tree.insert(row, sides)


class STRtree(Peer):
    """shapely's STRtree, and numpy for the rest."""

    def __init__(self, held: Int64s) -> None:
        self.held = held
        south, north, west, east = held[:, :4].T / 1e9
        self.tree = shapely.STRtree(shapely.box(west, south, east, north))

    def query(self, box: Int64s) -> object:
        """Rows."""
        south, north, west, east = (box[:4] / 1e9).tolist()
        rows = self.tree.query(shapely.box(west, south, east, north))
        there = self.held[rows]
        meets = (there[:, 4] <= box[5]) & (there[:, 5] >= box[4]) & (there[:, 6] < box[7]) & (there[:, 7] > box[6])
        return rows[meets]


def peer_postgis(held: Int64s, queries: Int64s, quick: bool) -> dict[str, float] | str:
    """PostGIS's figures: measured, or kept where time is short; a word where there are none."""
    folder = postgis.programs()
    old = kept("postgis")
    if quick or folder is None:
        if old is None:
            return "PostGIS: not installed, nothing kept"
        return {**old.figures, "kept": 1.0}
    with postgis.cluster(folder) as connection:
        console.print("PostGIS: loading")
        version = postgis.load(connection, held)
        cursor = connection.cursor(binary=True)
        sides = postgis.sides(queries).tolist()
        some = list(enumerate(postgis.row_of(side) for side in postgis.sides(held[:1000]).tolist()))

        def ask(query: str, questions: list[Any]) -> npt.NDArray[np.float64]:
            return times_us(lambda q: cursor.execute(query, q, prepare=True).fetchall(), questions)

        def upsert(row: tuple[int, tuple[object, ...]]) -> None:
            cursor.execute(postgis.DELETE, row[:1], prepare=True)
            cursor.execute(postgis.INSERT, (row[0], *row[1]), prepare=True)

        asks = {
            "ranges": lambda _: ask(postgis.RANGE_QUERY, [postgis.question_of(side) for side in sides]),
            "cubes": lambda _: ask(postgis.CUBE_QUERY, sides),
            "upsert": lambda _: times_us(upsert, some),
        }
        asks["ranges"](-1), asks["cubes"](-1)
        spreads = in_turns(asks, "PostGIS")
    ranges = spreads["ranges"]
    figures = {"p50": ranges.p50, "p95": ranges.p95, "p99": ranges.p99}
    figures |= {"cube_p50": spreads["cubes"].p50, "upsert_p50": spreads["upsert"].p50}
    keep("postgis", version, figures)
    return figures


def queries_figures(
    spreads: dict[str, Spread], pg: dict[str, float] | str, hits: list[int], near: list[int]
) -> list[Figure]:
    """Candidates against each peer, and the exact answer."""
    ours, exact, tree, packed = (spreads[name] for name in ("ours", "exact", "rtree", "STRtree"))
    found = f"hits p50 {np.median(hits):.0f}, p99 {np.percentile(hits, 99):.0f}"
    ratio = tree.p50 / ours.p50
    warm = "warm; "
    figures = [
        Figure(
            "index_candidates_us_p50", "us", ours.p50, tree.p50, "rtree", "lower", ">= 10 x rtree", ratio >= 10,
            f"{warm}{found}; ours {ours}; rtree {tree}",
        ),
        Figure(
            "index_candidates_us_p50_strtree", "us", ours.p50, packed.p50, "shapely STRtree", "lower",
            note=f"{warm}STRtree {packed}",
        ),
    ]  # fmt: skip
    if isinstance(pg, str):
        figures.append(Figure("index_candidates_us_p50_postgis", "us", ours.p50, None, pg))
    else:
        note = f"PostGIS p95 {pg['p95']:.0f}, p99 {pg['p99']:.0f}; as cubes p50 {pg['cube_p50']:.0f}" + said_kept(pg)
        figures.append(
            Figure("index_candidates_us_p50_postgis", "us", ours.p50, pg["p50"], "PostGIS", "lower", note=warm + note)
        )
    exactly = f"near p50 {np.median(near):.0f}, p99 {np.percentile(near, 99):.0f}; {exact}; the peer gives boxes only"
    figures.append(
        Figure(
            "index_query_us_p99", "us", exact.p99, tree.p99, "rtree", "lower", "<= 500 us", exact.p99 <= 500,
            f"{warm}candidates and exact test; {exactly}",
        )
    )  # fmt: skip
    return figures


def said_kept(pg: dict[str, float]) -> str:
    """The word that a figure is an old one."""
    old = kept("postgis")
    return f" (kept of {old.date}, {old.machine})" if "kept" in pg and old is not None else ""


def upsert_figures(
    index: Index, held: Int64s, tree: Peer, live: LiveVolumes, here: World, pg: dict[str, float] | str
) -> list[Figure]:
    """Taking out and putting in again, four volumes at a time as one operation has them."""
    random = np.random.default_rng(3)
    fours = [np.sort(random.choice(LIVE, 4, replace=False)) for _ in range(1_000)]

    def ours(rows: Int64s) -> None:
        index.remove(rows)
        index.add(rows, held[rows])

    volumes: list[list[Volume4D]] = [here.volumes(rows) for rows in fours]
    pairs: list[Any] = list(zip(fours, volumes, strict=True))

    def whole(pair: tuple[Int64s, list[Volume4D]]) -> None:
        live.remove(pair[0])
        live.add(pair[1], 0)

    spreads = in_turns(
        {
            "ours": lambda _: times_us(ours, fours) / 4,
            "whole": lambda _: times_us(whole, pairs) / 4,
            "rtree": lambda _: times_us(tree.upsert, [int(rows[0]) for rows in fours[:200]]),
        },
        "changes",
    )
    bulk = np.median([bulk_per_s(held) for _ in range(3)])
    per_s = {name: 1e6 / spread.p50 for name, spread in spreads.items()}
    figures = [
        Figure(
            "index_upsert_per_s", "volumes/s", per_s["ours"], per_s["rtree"], "rtree", "higher", ">= 100,000/s",
            per_s["ours"] >= 100_000, f"remove and insert, 4 at a time; us a volume: ours {spreads['ours']}, "
            f"rtree {spreads['rtree']}; in bulk ours inserts {bulk:,.0f}/s",
        ),
        Figure(
            "live_upsert_per_s", "volumes/s", per_s["whole"], None, "", "higher",
            note=f"the same with slots and exact shapes; us a volume: {spreads['whole']}",
        ),
    ]  # fmt: skip
    if not isinstance(pg, str):
        figures.append(
            Figure(
                "index_upsert_per_s_postgis", "volumes/s", per_s["ours"], 1e6 / pg["upsert_p50"], "PostGIS", "higher",
                note="delete and insert" + said_kept(pg),
            )
        )  # fmt: skip
    return figures


def bulk_per_s(held: Int64s) -> float:
    """Boxes a second into an empty index, as replay does."""
    index, slots = Index(), Slots()
    return len(held) / seconds(lambda: index.add(slots.take(len(held)), held))
