from __future__ import annotations

import pytest

from notify_worker.__main__ import main
from notify_worker.app import EXIT_CONFIGURATION

SETTINGS = {
    "NOTIFY_ENVIRONMENT": "test",
    "SQLALCHEMY_DATABASE_URI": "postgresql://nowhere/at_all",
    "NOTIFY_ENCRYPTION_KEYS": '{"k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}',
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_settings_that_will_not_do_are_told_in_a_sentence(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("NOTIFY_ENVIRONMENT")

    assert main(["worker"]) == EXIT_CONFIGURATION
    assert "NOTIFY_ENVIRONMENT is not set" in capsys.readouterr().err


def test_an_unknown_type_of_worker_is_told_in_a_sentence(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", "--type", "nonsense"]) == EXIT_CONFIGURATION
    assert "There is no worker type 'nonsense'" in capsys.readouterr().err


@pytest.mark.parametrize("concurrency", ["0", "-1", "many"])
def test_a_worker_has_at_least_one_process(concurrency: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["worker", "--concurrency", concurrency])

    assert "--concurrency" in capsys.readouterr().err
