"""Why a job was not made, found, cancelled or resumed, one class for each reason."""

from __future__ import annotations

from collections.abc import Mapping

from notify_core.errors import Conflict, InvalidContent, NotAllowed, NotFound
from notify_core.jobs.model import JobStatus


class JobNotFound(NotFound):
    """The service has no such job."""

    code = "job-not-found"

    def __init__(self) -> None:
        super().__init__("No result found")


class FileNotFound(NotFound):
    """No file was uploaded under the job's id."""

    code = "job-file-not-found"

    def __init__(self) -> None:
        super().__init__("There is no file for this job. Upload it first.")


class ServiceInactive(NotAllowed):
    """The service was switched off or archived."""

    code = "service-inactive"

    def __init__(self) -> None:
        super().__init__("Create job is not allowed: service is inactive ")


class LettersNotPossible(NotAllowed):
    """Letters are not sent from files: the sentence for a service in trial mode is the original's."""

    code = "letter-jobs-not-possible"

    def __init__(self, *, restricted: bool) -> None:
        super().__init__(
            "Create letter job is not allowed for service in trial mode "
            if restricted
            else "Create letter job is not allowed: letters are not sent yet"
        )


class FileNotValid(InvalidContent):
    """Whoever uploaded the file did not mark it as valid."""

    code = "job-file-not-valid"

    def __init__(self) -> None:
        super().__init__("File is not valid, can't create job")


class InvalidJob(InvalidContent):
    """A job cannot be made from these values. `problems` are sentences, by the field that they are about."""

    code = "invalid-job"

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{name}: {' '.join(sentences)}" for name, sentences in problems.items()))


class TooLateToCancelJob(Conflict):
    """Delivery of all its messages has begun, or it has ended without any. `status` is where it is."""

    code = "too-late-to-cancel-job"

    def __init__(self, status: JobStatus) -> None:
        self.status = status
        super().__init__(f"Too late to cancel this job: it is {status}")


class NothingToRetry(Conflict):
    """The job is on its way, or has reached its end. `status` is where it is."""

    code = "nothing-to-retry"

    def __init__(self, status: JobStatus) -> None:
        self.status = status
        super().__init__(f"There is nothing to retry: the job is {status}")
