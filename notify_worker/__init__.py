"""The worker: Celery over SQS. Task names, queues and the schedule; each task calls one use case of the core."""
