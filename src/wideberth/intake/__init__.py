"""What people type and send comes in, canonical values with their stated accuracy come out, or a refusal.

In data order: `times`, `fields` (JSON by path), `bounds`, `geoid`, `altitude`, `datums`, `angles`, `gridrefs`,
`coordinates`, `corridor`, `outlines`, `operation`, `geojson`, `f3548`, `plans`. Pure, but for PROJ's database and the
geoid grid in grids/, which ship with the packages and are read once.
"""
