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
