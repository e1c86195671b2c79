"""newswire readers-key: creates or rotates the key that encrypts the ids of private chats."""

import os
from pathlib import Path

import click

from bot.cli._common import CommandError, migrated_database
from bot.config import SettingsError, read_settings
from bot.config.readers_key import read_key_file
from storage.privacy.encryption import ChatIdCipher, cipher_of, generate_key
from storage.privacy.file_modes import open_private
from storage.readers_key import change_key


@click.command("readers-key")
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Write a new key to FILE.")
@click.option(
    "--rotate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Re-encrypt the database with the key in FILE.",
)
def readers_key(to: Path | None, rotate: Path | None) -> None:
    """Create or rotate the key that encrypts the ids of private chats.

    Prints a new key, or writes it with --to into a file that only you can read. The next `newswire run` with
    READERS_KEY or READERS_KEY_FILE encrypts the database. Keep the key outside the database's folder and its
    backups. Without the key no alerts can be sent.

    To rotate the key, stop the bot, create a new key with --to, run --rotate with that file while the old key
    is still set, then set the new key. The rotation is one transaction: if it is interrupted, the old key
    stays valid.
    """
    if to and rotate:
        raise click.UsageError("--to creates a key and --rotate uses one; run one after the other.")
    if rotate:
        _rotate_key(rotate)
    elif to:
        _write_key(to)
    else:
        click.echo(generate_key())


def _write_key(path: Path) -> None:
    try:
        with open(path, "x", encoding="utf-8", opener=open_private) as file:
            file.write(generate_key() + "\n")
            os.fsync(file.fileno())
    except OSError as error:
        raise CommandError(f"--to {path}: cannot be written ({error.strerror}).") from None


def _rotate_key(path: Path) -> None:
    new = ChatIdCipher(read_key_file(path, "--rotate"))
    with migrated_database(read_settings()) as database:
        database.acquire_lock()
        if cipher_of(database.engine.dialect) is None:
            raise SettingsError(
                ["READERS_KEY: the database is not encrypted yet; run newswire run with READERS_KEY first."]
            )
        change_key(database, new)
        if not database.erasure.erase_at_start():
            raise CommandError(
                "The database was re-encrypted; the next newswire run erases the old ids from the disk."
            )
    click.echo(f"The database was re-encrypted. Set READERS_KEY_FILE={path} from now on.")
