"""What is wrong with a queue is said so that it can be put right without looking anything up."""

from __future__ import annotations

from typing import Any

import pytest

from notify_core.outbox.condition import LEAST_VISIBILITY_TIMEOUT_SECONDS, QueueCondition
from notify_core.outbox.model import LONGEST_TASK_SECONDS

FINE: dict[str, Any] = {
    "queue": "live-job-tasks",
    "visibility_timeout": LEAST_VISIBILITY_TIMEOUT_SECONDS,
    "retention": 345_600,
    "dead_letters": "live-job-tasks-dead-letter",
    "dead_letter_retention": 345_600,
    "expected_dead_letters": "live-job-tasks-dead-letter",
}


def test_a_queue_that_will_do_has_no_problems() -> None:
    assert QueueCondition(**FINE).problems() == []
    assert LEAST_VISIBILITY_TIMEOUT_SECONDS >= 2 * LONGEST_TASK_SECONDS


@pytest.mark.parametrize(
    ("changed", "attribute", "sentence"),
    [
        ({"exists": False}, "QueueUrl", "live-job-tasks: does not exist; `notify queues create` makes it"),
        ({"readable": False}, "Policy", "live-job-tasks: allow sqs:GetQueueAttributes on it and on its"),
        (
            {"visibility_timeout": 30},
            "VisibilityTimeout",
            "live-job-tasks: set VisibilityTimeout to 56 or more, it is 30",
        ),
        ({"dead_letters": None}, "RedrivePolicy", "live-job-tasks: set RedrivePolicy, there is none"),
        ({"dead_letter_retention": None}, "RedrivePolicy", "live-job-tasks: create live-job-tasks-dead-letter"),
        (
            {"dead_letter_retention": 60},
            "MessageRetentionPeriod",
            "live-job-tasks-dead-letter: set MessageRetentionPeriod to 345600 or more, it is 60",
        ),
    ],
)
def test_each_problem_names_the_queue_the_attribute_and_the_way_out(
    changed: dict[str, Any], attribute: str, sentence: str
) -> None:
    (problem,) = QueueCondition(**FINE | changed).problems()

    assert problem.attribute == attribute
    assert problem.sentence.startswith(sentence)


def test_all_that_is_wrong_is_told_at_once() -> None:
    condition = QueueCondition(**FINE | {"visibility_timeout": 1, "dead_letters": None})

    assert [problem.attribute for problem in condition.problems()] == ["VisibilityTimeout", "RedrivePolicy"]
