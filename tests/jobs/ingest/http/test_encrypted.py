"""Sites over https: invalid certificates, and redirects from https to http."""

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.ingest.http.fetcher import Fetcher
from jobs.ingest.http.results import FetchFailed
from tests.jobs.ingest.site import Site, a_site

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")

LOOK = """
import asyncio, sys
from jobs.clock import SystemClock
from jobs.ingest.http.fetcher import Fetcher
from tests.jobs.ingest.site import POLICY
async def main():
    async with Fetcher(POLICY, SystemClock()) as fetcher:
        found = await fetcher.fetch(sys.argv[1])
        print(getattr(found, "permanent_url", found), getattr(found, "final_url", ""))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of 127.0.0.1 in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    ask = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=paper -addext subjectAltName=IP:127.0.0.1"
    command = [*ask.split(), "-keyout", "key", "-out", "certificate"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    both = folder / "both"
    both.write_text((folder / "key").read_text() + (folder / "certificate").read_text())
    return both


@pytest.fixture
async def secure(certificate: Path) -> AsyncIterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with a_site(context=context) as one:
        yield one


async def fetch_trusting(certificate: Path, url: str) -> list[str]:
    """The permanent and the final URL, fetched by a process that trusts this certificate."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LOOK,
        url,
        env={**os.environ, "SSL_CERT_FILE": str(certificate)},
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    out, _ = await child.communicate()
    return out.decode().split()


async def test_a_certificate_that_nobody_vouches_for_is_a_failure(secure: Site, fetcher: Fetcher) -> None:
    outcome = await fetcher.fetch(secure.url())
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == f"the certificate of {secure.address} is not valid"
    assert secure.asked == []


async def test_a_site_without_encryption_asked_for_it_is_a_failure(site: Site, fetcher: Fetcher) -> None:
    outcome = await fetcher.fetch(site.url().replace("http:", "https:"))
    assert isinstance(outcome, FetchFailed)
    assert outcome.reason == f"no TLS version or cipher in common with {site.address}"


async def test_a_step_down_to_http_is_taken_and_never_remembered(
    secure: Site, site: Site, certificate: Path
) -> None:
    secure.redirects("/1", "/2", 301)
    secure.redirects("/2", site.url("/3"), 301)
    site.redirects("/3", "/4", 301)
    site.says(path="/4")
    found = await fetch_trusting(certificate, secure.url("/1"))
    assert found == [secure.url("/2"), site.url("/4")]


async def test_a_step_up_to_https_is_remembered(secure: Site, site: Site, certificate: Path) -> None:
    site.redirects("/feed", secure.url("/feed"), 301)
    secure.says()
    assert await fetch_trusting(certificate, site.url()) == [secure.url(), secure.url()]
