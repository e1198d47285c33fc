"""The map beneath: cut to what is shown, without a point too many."""

from wideberth.space.land import cut


def test_land_is_cut_to_the_map() -> None:
    """Rings keep their inside within the bounds, also across the antimeridian; lines lose what is far off."""
    ring = [[[170, -10], [-170, -10], [-170, 10], [170, 10], [170, -10]]]
    land = {"features": [{"properties": {"kind": "land"}, "geometry": {"type": "Polygon", "coordinates": ring}}]}
    (feature,) = cut(land, (-1.0, 1.0, 179.0, 181.0))["features"]
    (line,) = feature["lines"]
    assert {tuple(point) for point in line} == {(179.0, -1.0), (181.0, -1.0), (181.0, 1.0), (179.0, 1.0)}
    assert cut(land, (20.0, 21.0, 179.0, 181.0))["features"] == []
    assert cut(land, None)["features"] == []


def test_no_tear_of_a_far_ring_lies_across_the_map() -> None:
    """A ring that reaches over the far side of the globe is moved whole: there is no land in the midst of the Atlantic,
    and what lies a turn on is found."""
    ring = [[[0, 40], [60, 70], [170, 70], [179, 30], [100, 0], [40, 10], [0, 40]]]
    pole = [[[-180, -90], [-180, -84], [0, -70], [180, -84], [180, -90], [-180, -90]]]
    land = {
        "features": [
            {"properties": {"kind": "land"}, "geometry": {"type": "Polygon", "coordinates": rings}}
            for rings in (ring, pole)
        ]
    }
    for lon in range(-175, -5, 10):
        assert cut(land, (39.0, 41.0, lon - 1.0, lon + 1.0))["features"] == [], lon
    for lon in (100.0, 460.0):
        (feature,) = cut(land, (39.0, 41.0, lon - 1.0, lon + 1.0))["features"]
        assert len(feature["lines"][0]) == 4
    assert cut(land, (-80.0, -79.0, 179.0, 181.0))["features"] == []
    (south,) = cut(land, (-87.0, -86.0, 179.0, 181.0))["features"]
    assert {lon for line in south["lines"] for lon, _ in line} == {179.0, 180.0, 181.0}
