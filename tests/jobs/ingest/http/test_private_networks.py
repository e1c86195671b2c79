"""Names and redirects that lead to private networks, even if they were public a moment before."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.ingest.http.fetcher import Fetcher
from tests.conftest import MovedClock
from tests.jobs.ingest.http.test_hostile_servers import reason
from tests.jobs.ingest.site import POLICY, Names, Site, a_site


async def test_a_name_that_leads_home_is_not_asked(stranger: Fetcher) -> None:
    async with a_site() as home:
        port = home.address.partition(":")[2]
        for host in ("localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"):
            assert "not among PRIVATE_NETWORKS" in reason(await stranger.fetch(f"http://{host}:{port}/"))
        for host in ("127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost."):
            assert reason(await stranger.fetch(f"http://{host}:{port}/"))
        assert home.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "10.0.0.1 127.0.0.1",
        "fe80::1",
    ],
)
async def test_a_name_of_ours_that_means_a_private_address_is_not_asked(
    clock: MovedClock, addresses: str
) -> None:
    async with a_site() as home:
        port = home.address.partition(":")[2]
        async with Fetcher(replace(POLICY, private_networks=()), clock, Names(paper=[addresses])) as fetcher:
            outcome = await fetcher.fetch(f"http://paper.example:{port}/feed")
        assert "not among PRIVATE_NETWORKS" in reason(outcome)
        assert home.asked == []


async def test_a_name_that_changes_its_meaning_between_fetches_is_not_contacted(clock: MovedClock) -> None:
    """DNS rebinding: the address that is connected to is the one that was checked."""
    async with a_site() as home:
        port = home.address.partition(":")[2]
        names = Names(paper=["198.51.100.1", "127.0.0.1", "127.0.0.1"])
        async with Fetcher(replace(POLICY, private_networks=()), clock, names) as fetcher:
            for _ in range(3):
                outcome = await fetcher.fetch(f"http://paper.example:{port}/feed")
                assert "not among PRIVATE_NETWORKS" in reason(outcome)
        assert home.asked == []


async def test_a_redirect_into_a_private_network_is_not_taken(clock: MovedClock) -> None:
    only_this = replace(POLICY, private_networks=(next(iter(POLICY.private_networks)),))
    async with a_site() as site, Fetcher(only_this, clock, Names(inside=["10.1.2.3"])) as fetcher:
        for there in (
            "http://10.0.0.1/",
            "http://inside.example/",
            "http://169.254.169.254/latest/",
            "http://[fd00::1]/",
        ):
            site.redirects("/feed", there)
            assert "not among PRIVATE_NETWORKS" in reason(await fetcher.fetch(site.url()))


async def test_a_proxy_in_the_environment_is_not_used(site: Site) -> None:
    """In a separate process, because the environment is global."""
    site.says()
    program = (
        "import asyncio, sys\n"
        "from jobs.clock import SystemClock\n"
        "from jobs.ingest.http.fetcher import Fetcher\n"
        "from tests.jobs.ingest.site import POLICY\n"
        "async def main():\n"
        "    async with Fetcher(POLICY, SystemClock()) as fetcher:\n"
        "        print(type(await fetcher.fetch(sys.argv[1])).__name__)\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        site.url(),
        env={**os.environ, "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    out, _ = await child.communicate()
    assert out.decode().strip() == "Fetched"
