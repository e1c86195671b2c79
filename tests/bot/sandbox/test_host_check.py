"""Which hosts are loopback hosts; pure."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.transport.host_check import is_loopback, own_hosts


@given(st.ip_addresses())
def test_only_loopback_addresses_count_as_this_machine(address: Any) -> None:
    assert is_loopback(str(address)) == address.is_loopback
    assert f"{address}:8090" not in own_hosts("127.0.0.1", 8090) or str(address) == "127.0.0.1"
