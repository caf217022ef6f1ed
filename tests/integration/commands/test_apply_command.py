"""`notify apply` and `notify dev --world` as people and scripts type them; and what docs/world.md tells to type."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml

from notify_adapters.embedded import free_port
from notify_cli.commands.api_keys import bearer_token
from tests.integration.commands.test_dev_command import dev
from tests.integration.commands.test_operator_commands import KEYS, Run, document, run_with

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "world.yaml"


@pytest.fixture
def notify(postgres_url: str) -> Run:
    settings = {
        "NOTIFY_ENVIRONMENT": "test",
        "SQLALCHEMY_DATABASE_URI": postgres_url,
        "NOTIFY_ENCRYPTION_KEYS": KEYS,
    }

    def run(*arguments: str, text: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return run_with(settings | more, *arguments, text=text)

    return run


def small_world(**more: Any) -> tuple[str, str]:
    """Return the name of a service that no other test has, and a world of it."""
    name = f"Bins {uuid.uuid4()}"
    key = {"name": "live", "secret": str(uuid.uuid4())}
    template = {"name": "Bin day", "type": "sms", "versions": [{"content": "Hi"}]}
    return name, json.dumps({"services": [{"name": name, "api_keys": [key], "templates": [template]} | more]})


def test_applying_twice_prints_the_same_ids_and_keys(notify: Run) -> None:
    name, world = small_world()
    first, second = (document(notify("apply", "-", "--json", text=world)) for _ in range(2))
    service = first["services"][name]
    assert service["change"] == "created"
    assert service["api_keys"]["live"]["api_key"].startswith(f"live-{service['id']}-")
    assert second == json.loads(json.dumps(first).replace('"created"', '"unchanged"'))


def test_people_get_a_table_without_secrets(notify: Run) -> None:
    name, world = small_world()
    secret = json.loads(world)["services"][0]["api_keys"][0]["secret"]
    rehearsed = notify("apply", "-", "--dry-run", text=world, COLUMNS="200")
    assert "What would be done" in rehearsed.stdout
    assert name not in {one["name"] for one in document(notify("service", "list", "--json"))}
    done = notify("apply", "-", text=world, COLUMNS="200")
    assert (done.returncode, secret in done.stdout + rehearsed.stdout) == (0, False)
    assert re.search(rf"service\s.*{name}.*created", done.stdout)
    assert re.search(r"API key\s.*live\s.*created", done.stdout)
    changed = json.dumps({"services": [{"name": name, "rate_limit": 5, "trial_mode": True}]})
    assert "changed: restricted, rate_limit" in notify("apply", "-", text=changed, COLUMNS="200").stdout


def test_all_problems_are_listed_and_nothing_is_written(notify: Run) -> None:
    name, world = small_world(api_keys=[{"name": "a", "type": "live"}], rate_limti=5)
    ended = notify("apply", "-", text=world)
    assert ended.returncode == 5
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        "The world will not do:",
        "  - services.0.rate_limti: is not known here; did you mean rate_limit?",
        "  - services.0.api_keys.0.type: 'live' is not one of normal, team, test",
    ]
    assert name not in {one["name"] for one in document(notify("service", "list", "--json"))}


def test_a_conflict_is_told_beside_what_was_done(notify: Run) -> None:
    _, world = small_world()
    document(notify("apply", "-", "--json", text=world))
    contradicting = json.loads(world)
    contradicting["services"][0]["templates"][0]["versions"][0]["content"] = "Hello"
    other = f"Other {uuid.uuid4()}"
    contradicting["services"].append({"name": other})
    ended = notify("apply", "-", "--json", text=json.dumps(contradicting))
    assert ended.returncode == 5
    [conflict] = json.loads(ended.stdout)["conflicts"]
    assert conflict.startswith("services.0.templates.0.versions.0.content: version 1 of 'Bin day' says 'Hi' in")
    assert conflict in ended.stderr
    assert list(json.loads(ended.stdout)["services"]) == [other]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["apply"], 2, "Name the FILE to apply"),
        (["apply", "no-such-file.yaml"], 2, "No such file or directory"),
        (["dev", "--world", "no-such-file.yaml"], 2, "No such file or directory"),
    ],
)
def test_a_file_is_needed(notify: Run, arguments: list[str], code: int, message: str) -> None:
    ended = notify(*arguments)
    assert (ended.returncode, message in ended.stderr) == (code, True), ended.stderr


def test_the_schema_is_printed(notify: Run) -> None:
    assert notify("apply", "--schema").stdout == (ROOT / "docs" / "world.schema.json").read_text(encoding="utf-8")


def test_dev_does_not_begin_with_a_world_that_will_not_do(tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text("services: [{nam: Bins}]")
    ended = run_with({}, "dev", "--data-dir", str(tmp_path / "data"), "--world", str(world))
    assert ended.returncode == 5
    assert "services.0.nam: is not known here; did you mean name?" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_dev_begins_with_a_world_each_time(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    options = ("--port", str(free_port()), "--quiet", "--world", str(EXAMPLE))
    with dev(tmp_path / "data", *options) as (process, first):
        service = first["world"]["services"]["Recycling"]
        assert first["service_id"] != service["id"] == "0b1ac0de-0000-4000-8000-000000000001"
        key = service["api_keys"]["live"]["api_key"]
        template = service["templates"]["Bin day"]["id"]

        def send(number: str) -> int:
            return urllib3.request(
                "POST",
                f"{first['base_url']}/v2/notifications/sms",
                headers={"Authorization": f"Bearer {bearer_token(key)}"},
                json={
                    "phone_number": number,
                    "template_id": template,
                    "personalisation": {"day": "Monday", "colour": "blue"},
                },
            ).status

        # Jo of the team, a guest, and a stranger.
        assert [send(number) for number in ("07700900123", "07700900124", "07700900999")] == [201, 201, 400]
        process.terminate()
        assert process.wait(60) == 0
    with dev(tmp_path / "data", *options) as (_, second):
        again = json.dumps(first["world"]).replace('"created"', '"unchanged"')
        assert second["world"] == json.loads(again)
    contradicting = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    contradicting["services"][0]["id"] = str(uuid.UUID(int=1))
    world = tmp_path / "world.json"
    world.write_text(json.dumps(contradicting))
    ended = run_with({}, "dev", "--data-dir", str(tmp_path / "data"), *options[:2], "--world", str(world))
    assert ended.returncode == 5
    assert "The world contradicts what this system remembers; --fresh forgets it:" in ended.stderr
    assert "services.0.id: is 0b1ac0de-0000-4000-8000-000000000001 in the database" in ended.stderr


def test_what_the_reference_tells_to_type_works(notify: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "world.md").read_text(encoding="utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL) for line in block.splitlines()]
    assert {shlex.split(line)[1] for line in lines} == {"apply", "dev"}
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "notify"
        if arguments[0] == "dev":
            # What it does is tested above; here, that it can be typed so.
            arguments.append("--help")
        ended = notify(*arguments)
        assert ended.returncode == 0, ended.stderr


def test_the_examples_in_the_reference_are_the_file(notify: Run) -> None:
    text = (ROOT / "docs" / "world.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert example == EXAMPLE.read_text(encoding="utf-8")
    applied = document(notify("apply", str(EXAMPLE), "--json"))
    assert set(applied["services"]) == {"Recycling", "Parking permits"}
    assert applied["services"]["Parking permits"]["archived"]
    assert applied["services"]["Recycling"]["templates"]["Bin day"]["version"] == 2
