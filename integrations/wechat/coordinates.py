"""WeChat gives places in the shifted system of Chinese maps (GCJ-02); the line keeps WGS 84.

The shift is the published approximation that every open library uses; undoing it is exact to about a
metre, which two rounds reach.
"""

from __future__ import annotations

from math import cos, pi, radians, sin, sqrt

_AXIS = 6378245.0  # Krasovsky 1940, metres
_ECCENTRICITY = 0.00669342162296594323


def wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    """Latitude and longitude in WGS 84 degrees of a GCJ-02 place in China."""
    found = latitude, longitude
    for _ in range(2):
        north, east = _shift(*found)
        found = latitude - north, longitude - east
    return found


def _shift(latitude: float, longitude: float) -> tuple[float, float]:
    x, y = longitude - 105.0, latitude - 35.0
    waves = 20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (waves + 20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y / 30 * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (waves + 20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    angle = radians(latitude)
    bend = 1 - _ECCENTRICITY * sin(angle) ** 2
    meridian = _AXIS * (1 - _ECCENTRICITY) / (bend * sqrt(bend))
    return north * 180 / (meridian * pi), east * 180 / (_AXIS / sqrt(bend) * cos(angle) * pi)
