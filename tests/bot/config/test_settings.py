"""Reading the settings: right values are parsed, each wrong one is reported in one sentence."""

from datetime import time, timedelta
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Settings, SettingsError, read_settings
from bot.config.__main__ import ROOT, render_env_example, render_settings_page
from bot.config.policies import fetch_policy, list_editions, list_feed_urls, publish_policy
from jobs.config import QuietHours, Rate

TOKEN = "123456789:AAEexampleexampleexampleexampleexam"


def read(**environment: str) -> Settings:
    return read_settings(environment, None)


def complaints(**environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(**environment)
    return caught.value.sentences


def test_without_any_settings_the_defaults_apply() -> None:
    settings = read()
    assert settings.fetch_schedule == timedelta(minutes=2)
    assert settings.rate_group == Rate(20, 60)
    assert settings.http_address == ("127.0.0.1", 8080)
    assert not settings.threads


def test_an_env_file_is_parsed(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        f"TELEGRAM_BOT_TOKEN={TOKEN}\nCHANNELS=@newsroom, -1001234567890\nFEED_URLS=https://news.example/\n"
        "FETCH_SCHEDULE=*/5 6-22 * * *\nQUIET_HOURS=22:00-06:30\nTIMEZONE=Asia/Yangon\nLANGUAGE=my\n"
        "PRIVATE_NETWORKS=127.0.0.1/32,10.0.0.0/8\nMAX_FEED_BYTES=500KB\nRATE_GROUP=10/m\nHTTP_ADDRESS=\n",
        encoding="utf-8",
    )
    settings = read_settings({}, file)
    assert settings.channels == ("@newsroom", -1001234567890)
    assert settings.fetch_schedule == "*/5 6-22 * * *"
    assert settings.quiet_hours == QuietHours(time(22), time(6, 30))
    assert settings.timezone == ZoneInfo("Asia/Yangon")
    assert settings.private_networks == (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))
    assert settings.max_feed_bytes == 500_000
    assert settings.rate_group == Rate(10, 60)
    assert settings.http_address is None


def test_feed_authority_maps_hosts_with_ports_and_without_www() -> None:
    one, other = "feeds.example.org=www.example.org+blog.example.org", "127.0.0.1:81 = B.example:80"
    given = f"{one}, {other} , feeds.example.org=x.example"
    assert read(FEED_AUTHORITY=given).feed_authority == {
        "feeds.example.org": {"example.org", "blog.example.org", "x.example"},
        "127.0.0.1:81": {"b.example"},
    }


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LANGUAGE=my\nTIMEZONE=UTC\n", encoding="utf-8")
    assert read_settings({"TIMEZONE": "Asia/Yangon"}, tmp_path / ".env").timezone.key == "Asia/Yangon"


def test_a_desktops_language_list_is_not_the_newsrooms_language(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LANGUAGE=my\n", encoding="utf-8")
    assert read_settings({"LANGUAGE": "en_US:en"}, tmp_path / ".env").language == "my"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("FETCH_SCHEDULE", "5 parsecs", "a duration of at least 1s (30s, 2m, 1h) or a five-field cron line"),
        ("FETCH_SCHEDULE", "0s", "a duration of at least 1s"),
        ("FETCH_SCHEDULE", "61 * * * *", "cron line"),
        ("FETCH_SCHEDULE", "0 0 31 2 *", "cron line"),
        ("CHANNELS", "my channel", "channels as @name or a numeric id"),
        ("FEED_URLS", "javascript:alert(1)", "an address that begins with https://"),
        ("FEED_URLS", "https://user:pass@news.example/", "an address that begins with https://"),
        ("OPERATORS", "@me", "numeric Telegram user ids"),
        ("QUIET_HOURS", "22-6", "hours such as 22:00-06:00"),
        ("QUIET_HOURS", "25:00-06:00", "hours such as 22:00-06:00"),
        ("QUIET_MODE", "loud", "silent or hold"),
        ("TIMEZONE", "Mars/Olympus", "a time zone such as Asia/Yangon"),
        ("TIMEZONE", "../../etc/passwd", "a time zone"),
        ("LANGUAGE", "klingonish", "a language such as en or my"),
        ("BACKFILL", "-1", "a whole number from 0 to 1000"),
        ("MAX_AGE", "24", "a duration"),
        ("HTTP_ADDRESS", "127.0.0.1:99999", "an address such as 127.0.0.1:8080"),
        ("PUBLIC_URL", "ftp://news.example", "an address that begins with https://"),
        ("RATE_OVERALL", "fast", "a rate such as 30/s"),
        ("RATE_OVERALL", "0/s", "a rate such as 30/s"),
        ("UNCLEAR_SEND_WAIT", "soon", "a duration"),
        ("PRIVATE_NETWORKS", "localhost", "networks such as 127.0.0.1/32"),
        ("FEED_AUTHORITY", "www.example.org", "a feed's host and the hosts it may correct"),
        ("FEED_AUTHORITY", "feeds.example.org=", "such as feeds.example.org=www.example.org"),
        ("FEED_AUTHORITY", "a.example=https://b.example/x", "a feed's host"),
        ("MAX_FEED_BYTES", "huge", "a size such as 10MB"),
        ("FETCH_TIMEOUT", "never", "a duration"),
        ("CORRECTIONS", "maybe", "mark or silent"),
        ("WITHDRAWALS", "maybe", "delete or note or off"),
        ("PICTURES", "big", "preview or photo or none"),
        ("FEED_HINTS", "maybe", "respect or ignore"),
        ("ALLOW_PAID_BROADCAST", "perhaps", "yes or no"),
        ("LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("EDITIONS__BURMESE__LANGUAGE", "xx-nope", "a language such as en or my"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_the_name_and_what_is_expected(
    name: str, value: str, expected: str
) -> None:
    (sentence,) = complaints(**{name: value})
    assert sentence.startswith(f"{name}: {value!r} is not valid; expected ")
    assert expected in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_several_wrong_values_are_all_reported_at_once() -> None:
    assert len(complaints(FETCH_SCHEDULE="x", TIMEZONE="y", RATE_CHAT="z")) == 3


def test_a_wrong_token_is_never_repeated() -> None:
    (sentence,) = complaints(TELEGRAM_BOT_TOKEN="12345:secret")
    assert "secret" not in sentence
    assert sentence.startswith("TELEGRAM_BOT_TOKEN: ")


def test_a_wrong_database_password_is_never_repeated() -> None:
    (sentence,) = complaints(DATABASE_URL="postgres://user:hunter2@host/name")
    assert "hunter2" not in sentence


def test_a_misspelled_name_in_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FECTH_SCHEDULE=5m\nPOSTGRES_PASSWORD=x\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_settings({}, tmp_path / ".env")
    assert caught.value.sentences == ["FECTH_SCHEDULE: there is no such setting; expected FETCH_SCHEDULE."]


def test_a_setting_of_a_later_version_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "DIGEST_SCHEDULE=\nEDITIONS__BURMESE__DIGEST_SCHEDULE=0 7 * * *\nEDITIONS__BURMESE__LANGUAGE=my\n"
        "EDITIONS__BURMESE__FEED_URLS=https://news.example/my\n",
        encoding="utf-8",
    )
    [edition] = list_editions(read_settings({"DIGEST_SCHEDULE": "seven"}, tmp_path / ".env"))
    assert edition.language == "my"
    assert "DIGEST" not in render_env_example() + render_settings_page()


def test_a_rate_above_telegrams_own_needs_paid_broadcast() -> None:
    (sentence,) = complaints(RATE_OVERALL="1000/s")
    assert "ALLOW_PAID_BROADCAST=yes" in sentence
    assert read(RATE_OVERALL="1000/s", ALLOW_PAID_BROADCAST="yes").rate_overall == Rate(1000, 1)


def test_an_edition_falls_back_to_the_plain_settings() -> None:
    settings = read(
        CHANNELS="@english_news",
        FEED_URLS="https://news.example/feed",
        QUIET_HOURS="22:00-06:00",
        EDITIONS__BURMESE__CHANNELS="-1001234567890",
        EDITIONS__BURMESE__LANGUAGE="my",
        EDITIONS__BURMESE__QUIET_HOURS="",
        EDITIONS__ENGLISH__FEED_URLS="https://news.example/en",
    )
    burmese, english = list_editions(settings)
    assert (burmese.name, burmese.channels, burmese.language) == ("burmese", (-1001234567890,), "my")
    assert burmese.feed_urls == ("https://news.example/feed",)
    assert burmese.quiet_hours is None
    assert english.quiet_hours == QuietHours(time(22), time(6))
    assert english.channels == ("@english_news",)
    assert list_feed_urls(settings) == ("https://news.example/feed", "https://news.example/en")


def test_a_plain_channel_that_no_edition_uses_is_an_error() -> None:
    (sentence,) = complaints(CHANNELS="@english_news", EDITIONS__BURMESE__CHANNELS="@burmese_news")
    assert sentence.startswith("CHANNELS: every edition has CHANNELS of its own")


def test_an_unknown_setting_of_an_edition_lists_the_known_ones() -> None:
    (sentence,) = complaints(EDITIONS__BURMESE__CHANELS="@burmese_news")
    assert sentence.startswith(
        "EDITIONS__BURMESE__CHANELS: an edition has no such setting; expected one of BREAKING"
    )


def test_the_jobs_configuration_comes_from_the_settings() -> None:
    settings = read(CHANNELS="@newsroom", FETCH_TIMEOUT="5s", BACKFILL="3", UNCLEAR_SEND_WAIT="90s")
    assert fetch_policy(settings).timeout == 5.0
    assert fetch_policy(settings).backfill == 3
    assert fetch_policy(settings).user_agent.endswith("(+https://t.me/newsroom)")
    assert publish_policy(settings).unclear_wait == timedelta(seconds=90)


def test_the_example_file_and_the_page_are_up_to_date() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == render_env_example()
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == render_settings_page()


def test_the_example_file_is_valid() -> None:
    assert read_settings({}, ROOT / ".env.example") == read()


def test_the_defaults_shown_in_the_example_file_are_the_real_ones(tmp_path: Path) -> None:
    lines = render_env_example().splitlines()
    shown = [line[2:] for line in lines if line.startswith("# ") and "=" in line.split(" ")[1]]
    (tmp_path / ".env").write_text(
        "\n".join(line for line in shown if "EDITIONS" not in line), encoding="utf-8"
    )
    assert read_settings({}, tmp_path / ".env") == read()


@given(
    st.sampled_from([name.upper() for name in Settings.model_fields if name != "editions"]),
    st.text(max_size=40),
)
def test_any_wrong_value_ends_in_a_sentence(name: str, value: str) -> None:
    sentences: list[str] = []
    try:
        read(**{name: value})
    except SettingsError as error:
        sentences = error.sentences
    assert all(sentence.endswith(".") and sentence.startswith(name) for sentence in sentences)
