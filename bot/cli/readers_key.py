"""newswire readers-key: makes or rotates the key that encrypts private chats' ids."""

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
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Write a new key there.")
@click.option(
    "--rotate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Encrypt the database anew with the key in FILE instead of READERS_KEY's.",
)
def readers_key(to: Path | None, rotate: Path | None) -> None:
    """Makes or rotates the key that encrypts private chats' ids.

    Prints a new key, or writes it with --to into a file that only you can read. The database is encrypted by
    the next `newswire run` that has READERS_KEY or READERS_KEY_FILE. Keep the key outside the database's
    folder and its backups: without it nobody's alerts can be sent any more.

    To change it: stop the bot, make a key with --to, then --rotate with that file while the old key is still
    set, and set the new one. It is one transaction: if it is interrupted, the old key still fits.
    """
    if to and rotate:
        raise click.UsageError("--to makes a key and --rotate uses one; one after the other is wanted.")
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
                ["READERS_KEY: the database is not encrypted yet; newswire run with READERS_KEY encrypts it."]
            )
        change_key(database, new)
        if not database.erasure.erase_at_start():
            raise CommandError("The readers are encrypted anew; the next newswire run erases the old forms.")
    click.echo(f"The readers are encrypted anew. READERS_KEY_FILE={path} is wanted from now on.")
