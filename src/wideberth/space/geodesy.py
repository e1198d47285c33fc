"""The WGS 84 ellipsoid: ECEF, geodesics both ways, and planes in which geodesics are nearly straight. All compiled.

In:  nanodegrees or radians on WGS 84, or ECEF metres of points on the surface (height 0).
Out: ECEF metres, metres along geodesics, plane coordinates in metres.
Refuses nothing: callers keep to points less than 80 degrees of arc apart.

Sources: T. Vincenty, Direct and inverse solutions of geodesics on the ellipsoid, Survey Review XXII (176), 1975,
with the series in Helmert's k1; Euler's theorem for the curvature of a normal section; NIMA TR8350.2 for WGS 84.
Measured against geographiclib: distances within 0.1 mm to 1,500 km.
"""

import math
from typing import Final, TypeAlias

from numba import njit

A_M: Final = 6_378_137.0
F: Final = 1.0 / 298.257223563
B_M: Final = A_M * (1.0 - F)
E2: Final = F * (2.0 - F)
_ONE_E2: Final = 1.0 - E2
_A2: Final = 1.0 / (A_M * A_M)
_B2: Final = 1.0 / (B_M * B_M)
_EP2: Final = (A_M * A_M - B_M * B_M) / (B_M * B_M)
RADIAN_PER_ND: Final = math.pi / 180e9
SHORT_M: Final = 150_000.0
"""Up to here a chord is turned into an arc in closed form (error under 1 um); past it the geodesic is solved."""

Vector: TypeAlias = tuple[float, float, float]
Frame: TypeAlias = tuple[float, float, float, float, float, float, float, float, float, float, float, float, float]
"""A tangent plane: origin (3), first axis (3), second axis (3), normal (3), and the radius of curvature."""


@njit(cache=True, nogil=True, error_model="numpy")
def ecef(lat_nd: int, lon_nd: int) -> Vector:
    """ECEF metres of a point on the surface."""
    lat = lat_nd * RADIAN_PER_ND
    lon = lon_nd * RADIAN_PER_ND
    # exact at the poles, whatever the longitude, so that a pole is one point
    cos_lat = 0.0 if abs(lat_nd) == 90_000_000_000 else math.cos(lat)
    sin_lat = math.sin(lat)
    n = A_M / math.sqrt(1.0 - E2 * sin_lat * sin_lat)
    # the antimeridian is one meridian
    sin_lon = 0.0 if abs(lon_nd) == 180_000_000_000 else math.sin(lon)
    return n * cos_lat * math.cos(lon), n * cos_lat * sin_lon, n * _ONE_E2 * sin_lat


@njit(cache=True, nogil=True, error_model="numpy")
def ecef_rad(lat: float, lon: float) -> Vector:
    """ECEF metres of a point on the surface, from radians."""
    sin_lat, cos_lat = math.sin(lat), math.cos(lat)
    n = A_M / math.sqrt(1.0 - E2 * sin_lat * sin_lat)
    return n * cos_lat * math.cos(lon), n * cos_lat * math.sin(lon), n * _ONE_E2 * sin_lat


@njit(cache=True, nogil=True, error_model="numpy")
def geodetic(x: float, y: float, z: float) -> tuple[float, float]:
    """Latitude and longitude in radians of an ECEF point on the surface."""
    return math.atan2(z, _ONE_E2 * math.sqrt(x * x + y * y)), math.atan2(y, x)


@njit(cache=True, nogil=True, error_model="numpy")
def geodetic_nd(x: float, y: float, z: float) -> tuple[int, int]:
    """Latitude and longitude in nanodegrees of an ECEF point on the surface; longitude in [-180e9, 180e9)."""
    lat, lon = geodetic(x, y, z)
    lon_nd = round(lon / RADIAN_PER_ND)
    if lon_nd >= 180_000_000_000:
        lon_nd -= 360_000_000_000
    return round(lat / RADIAN_PER_ND), lon_nd


@njit(cache=True, nogil=True, error_model="numpy")
def surface(x: float, y: float, z: float) -> Vector:
    """The point of the surface on the ray from the Earth's centre through a point."""
    k = 1.0 / math.sqrt((x * x + y * y) * _A2 + z * z * _B2)
    return k * x, k * y, k * z


@njit(cache=True, nogil=True, error_model="numpy")
def wrap(angle: float) -> float:
    """An angle of less than three half turns, in radians, brought into [-pi, pi]."""
    if angle > math.pi:
        return angle - 2.0 * math.pi
    return angle + 2.0 * math.pi if angle < -math.pi else angle


@njit(cache=True, nogil=True, error_model="numpy")
def inverse(lat1: float, lon1: float, lat2: float, lon2: float) -> Vector:
    """The geodesic between two points (radians): metres, azimuth at the first and at the second, radians from north.

    Vincenty 1975, equations 3-4 and 10-21. Coinciding points give 0 and azimuth 0.
    """
    t1, t2 = (1.0 - F) * math.tan(lat1), (1.0 - F) * math.tan(lat2)
    cos1, cos2 = 1.0 / math.sqrt(1.0 + t1 * t1), 1.0 / math.sqrt(1.0 + t2 * t2)
    sin1, sin2 = t1 * cos1, t2 * cos2
    dlon = wrap(lon2 - lon1)
    lam = dlon
    sigma = sin_sigma = cos_sigma = cos2_alpha = cos_2m = a1 = a2 = 0.0
    for _ in range(50):
        sin_lam, cos_lam = math.sin(lam), math.cos(lam)
        # the cosine's complement keeps the digits of short lines
        across = cos2 * sin_lam
        along = (cos1 * sin2 - sin1 * cos2) + sin1 * cos2 * 2.0 * math.sin(0.5 * lam) ** 2
        sin_sigma = math.sqrt(across * across + along * along)
        if sin_sigma == 0.0:
            return 0.0, 0.0, 0.0
        cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_lam
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = cos1 * cos2 * sin_lam / sin_sigma
        cos2_alpha = 1.0 - sin_alpha * sin_alpha
        cos_2m = cos_sigma - 2.0 * sin1 * sin2 / cos2_alpha if cos2_alpha > 1e-18 else 0.0
        c = F / 16.0 * cos2_alpha * (4.0 + F * (4.0 - 3.0 * cos2_alpha))
        before = lam
        spread = sigma + c * sin_sigma * (cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0))
        lam = dlon + (1.0 - c) * F * sin_alpha * spread
        a1 = math.atan2(across, along)
        a2 = math.atan2(cos1 * sin_lam, cos1 * sin2 * cos_lam - sin1 * cos2)
        if abs(lam - before) < 1e-14:
            break
    big_a, big_b = _helmert(cos2_alpha)
    return B_M * big_a * (sigma - _bend(big_b, sin_sigma, cos_sigma, cos_2m)), a1, a2


@njit(cache=True, nogil=True, error_model="numpy")
def direct(lat1: float, lon1: float, azimuth: float, distance_m: float) -> tuple[float, float]:
    """The end of the geodesic that leaves a point at an azimuth (radians). Vincenty 1975, equations 1-11."""
    t1 = (1.0 - F) * math.tan(lat1)
    cos1 = 1.0 / math.sqrt(1.0 + t1 * t1)
    sin1 = t1 * cos1
    sin_a, cos_a = math.sin(azimuth), math.cos(azimuth)
    sigma1 = math.atan2(sin1, cos1 * cos_a)
    sin_alpha = cos1 * sin_a
    cos2_alpha = 1.0 - sin_alpha * sin_alpha
    big_a, big_b = _helmert(cos2_alpha)
    start = distance_m / (B_M * big_a)
    sigma = start
    cos_2m = sin_sigma = cos_sigma = 0.0
    for _ in range(50):
        cos_2m = math.cos(2.0 * sigma1 + sigma)
        sin_sigma, cos_sigma = math.sin(sigma), math.cos(sigma)
        before = sigma
        sigma = start + _bend(big_b, sin_sigma, cos_sigma, cos_2m)
        if abs(sigma - before) < 1e-15:
            break
    sin_sigma, cos_sigma = math.sin(sigma), math.cos(sigma)
    cos_2m = math.cos(2.0 * sigma1 + sigma)
    q = sin1 * sin_sigma - cos1 * cos_sigma * cos_a
    p = sin1 * cos_sigma + cos1 * sin_sigma * cos_a
    lat2 = math.atan2(p, (1.0 - F) * math.sqrt(sin_alpha * sin_alpha + q * q))
    lam = math.atan2(sin_sigma * sin_a, cos1 * cos_sigma - sin1 * sin_sigma * cos_a)
    c = F / 16.0 * cos2_alpha * (4.0 + F * (4.0 - 3.0 * cos2_alpha))
    spread = sigma + c * sin_sigma * (cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0))
    return lat2, wrap(lon1 + lam - (1.0 - c) * F * sin_alpha * spread)


@njit(cache=True, nogil=True, error_model="numpy")
def _helmert(cos2_alpha: float) -> tuple[float, float]:
    """Vincenty's A and B from Helmert's expansion parameter (his modification of 1976)."""
    root = math.sqrt(1.0 + cos2_alpha * _EP2)
    k1 = (root - 1.0) / (root + 1.0)
    return (1.0 + 0.25 * k1 * k1) / (1.0 - k1), k1 * (1.0 - 0.375 * k1 * k1)


@njit(cache=True, nogil=True, error_model="numpy")
def _bend(b: float, sin_sigma: float, cos_sigma: float, cos_2m: float) -> float:
    """Vincenty's delta sigma, equation 6."""
    c2 = cos_2m * cos_2m
    tail = b / 6.0 * cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * c2 - 3.0)
    return b * sin_sigma * (cos_2m + 0.25 * b * (cos_sigma * (2.0 * c2 - 1.0) - tail))


@njit(cache=True, nogil=True, error_model="numpy")
def arc(x1: float, y1: float, z1: float, x2: float, y2: float, z2: float) -> float:
    """Metres along the geodesic between two surface points in ECEF, within 0.1 mm to 1,500 km.

    Short: the chord as that of a circle whose curvature is the normal section's in the middle (Euler).
    """
    dx, dy, dz = x2 - x1, y2 - y1, z2 - z1
    c2 = dx * dx + dy * dy + dz * dz
    if c2 > SHORT_M * SHORT_M:
        lat1, lon1 = geodetic(x1, y1, z1)
        lat2, lon2 = geodetic(x2, y2, z2)
        return inverse(lat1, lon1, lat2, lon2)[0]
    if c2 == 0.0:
        return 0.0
    mx, my, mz = 0.5 * (x1 + x2), 0.5 * (y1 + y2), 0.5 * (z1 + z2)
    ax, ay, az = mx * _A2, my * _A2, mz * _B2
    # normal curvature of the quadric x'Ax = 1 along t: t'At / |Ax|, the middle taken up to the surface
    bulge = math.sqrt((mx * ax + my * ay + mz * az) / (ax * ax + ay * ay + az * az))
    k = ((dx * dx + dy * dy) * _A2 + dz * dz * _B2) * bulge
    # k = chord**2 * curvature / chord: so (chord * curvature)**2 is k * k / c2
    q = k * k / c2
    return math.sqrt(c2) * (1.0 + q * (1.0 / 24.0 + q * (3.0 / 640.0)))


@njit(cache=True, nogil=True, error_model="numpy")
def frame_along(x: float, y: float, z: float, tx: float, ty: float, tz: float) -> Frame:
    """The tangent plane at a surface point; its first axis is the part of t that lies in it, the second to its left."""
    nx, ny, nz = x * _A2, y * _A2, z * _B2
    h = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx * h, ny * h, nz * h
    up = tx * nx + ty * ny + tz * nz
    ux, uy, uz = tx - up * nx, ty - up * ny, tz - up * nz
    k = 1.0 / math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux * k, uy * k, uz * k
    vx, vy, vz = ny * uz - nz * uy, nz * ux - nx * uz, nx * uy - ny * ux
    # Gauss: the geometric mean of both radii of curvature
    return x, y, z, ux, uy, uz, vx, vy, vz, nx, ny, nz, A_M * A_M * B_M / (h * h)


@njit(cache=True, nogil=True, error_model="numpy")
def frame_at(x: float, y: float, z: float) -> Frame:
    """The tangent plane at a surface point, first axis east (any direction at a pole), second north."""
    if x * x + y * y < 1e-6:
        return frame_along(x, y, z, 0.0, 1.0, 0.0)
    return frame_along(x, y, z, -y, x, 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def project(f: Frame, x: float, y: float, z: float) -> tuple[float, float]:
    """Gnomonic plane coordinates, metres, seen from the frame's centre of curvature.

    Lines through the origin are normal sections; scale is 1 there. At t = distance / radius the scale is
    1 + t**2 along the radius and sqrt(1 + t**2) across, to within 1 % of t**2.
    """
    dx, dy, dz = x - f[0], y - f[1], z - f[2]
    k = f[12] / (f[12] + dx * f[9] + dy * f[10] + dz * f[11])
    return k * (dx * f[3] + dy * f[4] + dz * f[5]), k * (dx * f[6] + dy * f[7] + dz * f[8])


@njit(cache=True, nogil=True, error_model="numpy")
def unproject(f: Frame, u: float, v: float) -> Vector:
    """The surface point (ECEF metres) that `project` takes to (u, v)."""
    r = f[12]
    qx, qy, qz = f[0] - r * f[9], f[1] - r * f[10], f[2] - r * f[11]
    dx = r * f[9] + u * f[3] + v * f[6]
    dy = r * f[10] + u * f[4] + v * f[7]
    dz = r * f[11] + u * f[5] + v * f[8]
    a = (dx * dx + dy * dy) * _A2 + dz * dz * _B2
    b = (qx * dx + qy * dy) * _A2 + qz * dz * _B2
    c = (qx * qx + qy * qy) * _A2 + qz * qz * _B2 - 1.0
    k = (math.sqrt(b * b - a * c) - b) / a
    return qx + k * dx, qy + k * dy, qz + k * dz
