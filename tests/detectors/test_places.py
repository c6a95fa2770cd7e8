"""Places: coarse, kept in eight bytes, and as far from each other as the towns in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.places import CELLS_PER_DEGREE, Place, distance_km, place_key, place_of

CELL_DIAGONAL_KM = 79
"""Of a cell of half a degree at the equator: a place is known no better than this."""
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
countries = st.none() | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)


def at(lat, lon, country=None):
    return place_of(place_key(lat, lon, country).hex())


@given(latitudes, longitudes, countries)
def test_a_place_comes_back_within_half_a_cell(lat, lon, country):
    found = at(lat, lon, country)
    assert abs(found.lat - lat) <= 0.5 / CELLS_PER_DEGREE
    assert abs(found.lon - lon) <= 0.5 / CELLS_PER_DEGREE
    assert found.country == (country or "")
    assert place_key(found.lat, found.lon, country) == place_key(lat, lon, country)


@given(countries, st.sampled_from([(None, None), (None, 2.0), (48.0, None)]))
def test_without_both_degrees_a_place_is_a_country_or_nothing(country, degrees):
    key = place_key(*degrees, country)
    assert (key is None) == (country is None)
    assert key is None or place_of(key.hex()) == Place(None, None, country)


@given(latitudes, longitudes, countries)
def test_a_key_is_eight_bytes_and_says_nothing_finer(lat, lon, country):
    """Neighbours share it: where somebody lives cannot be read from it."""
    key = place_key(lat, lon, country)
    assert len(key) == 8
    middle = place_of(key.hex())
    nearby = (lat * 0.9 + middle.lat * 0.1, lon * 0.9 + middle.lon * 0.1)
    assert place_key(*nearby, country) == key


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ((52.52, 13.405), (48.857, 2.352), 878),
        ((51.507, -0.128), (40.713, -74.006), 5_570),
        ((-33.869, 151.209), (51.507, -0.128), 16_994),
        ((53.551, 9.994), (48.137, 11.575), 612),
    ],
    ids=["Berlin-Paris", "London-New York", "Sydney-London", "Hamburg-Munich"],
)
def test_distances_are_as_known_within_a_cell(one, other, km):
    assert distance_km(at(*one), at(*other)) == pytest.approx(km, abs=CELL_DIAGONAL_KM)


@given(latitudes, longitudes, latitudes, longitudes)
def test_distance_is_a_distance(lat, lon, other_lat, other_lon):
    """The same both ways, nothing to itself, and never more than half way round."""
    one, other = at(lat, lon), at(other_lat, other_lon)
    assert distance_km(one, other) == pytest.approx(distance_km(other, one))
    assert distance_km(one, one) == pytest.approx(0, abs=1e-6)
    assert 0 <= distance_km(one, other) <= 20_016


def test_the_date_line_is_no_ocean():
    assert distance_km(at(-17.0, 179.5), at(-17.0, -179.5)) < 2 * CELL_DIAGONAL_KM


def test_where_degrees_are_not_known_there_is_no_distance():
    assert distance_km(at(None, None, "DE"), at(48.0, 2.0)) is None
    assert distance_km(at(48.0, 2.0), at(None, None, "DE")) is None
