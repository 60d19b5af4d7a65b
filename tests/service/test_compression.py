"""Decompression in bounded memory."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_ml.service.compression import TooLarge, decompress


@given(st.binary(max_size=2_000))
def test_undoes_each_encoding(data: bytes) -> None:
    assert decompress(data, "identity", 2_000) == data
    assert decompress(gzip.compress(data), "gzip", 2_000) == data
    assert decompress(zlib.compress(data), "deflate", 2_000) == data


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_joins_gzip_members(first: bytes, second: bytes) -> None:
    assert decompress(gzip.compress(first) + gzip.compress(second), "gzip", 1_000) == first + second


@given(st.binary(min_size=1, max_size=500), st.data())
def test_refuses_what_ends_too_early(data: bytes, draw: st.DataObject) -> None:
    packed = gzip.compress(data)
    cut = draw.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(ValueError, match="gzip"):
        decompress(packed[:cut], "gzip", 10_000)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_give_a_result_or_a_value_error(data: bytes, encoding: str) -> None:
    try:
        assert len(decompress(data, encoding, 100)) <= 100
    except ValueError:
        pass


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_the_limit_itself_is_allowed_and_one_more_is_not(encoding: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    pack = packers[encoding]
    assert len(decompress(pack(bytes(1_000)), encoding, 1_000)) == 1_000
    with pytest.raises(TooLarge):
        decompress(pack(bytes(1_001)), encoding, 1_000)


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decompress(bomb, "gzip", 1024 * 1024)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_bomb_of_many_members_costs_no_more_either() -> None:
    member = gzip.compress(bytes(100_000))
    with pytest.raises(TooLarge):
        decompress(member * 1_000, "gzip", 1024 * 1024)
