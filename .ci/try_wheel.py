"""Install the wheel into a fresh environment for each Python on this machine, and open the sandbox there.

Each environment gets the locked dependencies and the wheel, nothing of the source tree. Exit status 1 if one
of them fails, or if no Python of 3.11 or newer is found.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
MINORS = range(11, 20)
#: Of the environment; the rest could change what is tried: settings, PYTHONPATH.
KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}
#: Seconds until the sandbox's page must answer, and until it must have stopped.
START_LIMIT, STOP_LIMIT = 60.0, 30.0


def main() -> int:
    (wheel,) = (Path(name).resolve() for name in sys.argv[1:])
    pythons = find_pythons()
    for version, python in pythons.items():
        print(f"{version}: ", end="", flush=True)
        with tempfile.TemporaryDirectory(prefix="newswire-wheel-") as folder:
            print(try_wheel(wheel, python, Path(folder)), flush=True)
    if not pythons:
        print("no Python of 3.11 or newer found")
    return not pythons


def find_pythons() -> dict[str, str]:
    """The first working interpreter of each minor version: on PATH, or installed by pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {}
    for minor in MINORS:
        name = f"python3.{minor}"
        candidates = [shutil.which(name), *map(str, sorted(pyenv.glob(f"3.{minor}.*/bin/{name}")))]
        for candidate in filter(None, candidates):
            asked = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
            if asked.returncode == 0:
                found[asked.stdout.strip()] = candidate
                break
    return found


def try_wheel(wheel: Path, python: str, folder: Path) -> str:
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")}
    binaries = folder / "venv/bin"

    def run(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    pip = (binaries / "pip", "--quiet", "--disable-pip-version-check")
    run(python, "-m", "venv", folder / "venv")
    run(*pip, "install", "--require-hashes", "-r", ROOT / "requirements.lock")
    run(*pip, "install", "--no-deps", wheel)
    run(*pip, "check")
    return f"{run(binaries / 'newswire', '--version')}, {open_sandbox(binaries, folder, kept)}"


def open_sandbox(binaries: Path, folder: Path, environment: dict[str, str]) -> str:
    command = [str(binaries / "newswire"), "sandbox", "--port", "0"]
    with (folder / "out").open("w+") as out:
        sandbox = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
        began = time.monotonic()
        try:
            while not page_answers(folder / "out"):
                if sandbox.poll() is not None or time.monotonic() - began > START_LIMIT:
                    sys.exit(f"the sandbox did not open:\n{(folder / 'out').read_text()}")
                time.sleep(0.2)
            answered = time.monotonic() - began
            sandbox.send_signal(signal.SIGTERM)
            if status := sandbox.wait(STOP_LIMIT):
                sys.exit(f"the sandbox stopped with exit status {status}:\n{(folder / 'out').read_text()}")
        finally:
            sandbox.kill()
    return f"sandbox answers after {answered:.1f} s and stops"


def page_answers(output: Path) -> bool:
    address = re.search(r"http://\S+", output.read_text())
    if not address:
        return False
    try:
        with urlopen(address[0], timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


if __name__ == "__main__":
    sys.exit(main())
