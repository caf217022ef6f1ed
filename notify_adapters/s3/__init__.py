"""Amazon S3, which keeps files. Importing it imports boto3, which takes a while."""

from notify_adapters.s3.archive_bucket import S3ArchiveBucket
from notify_adapters.s3.files import S3Files

__all__ = ["S3ArchiveBucket", "S3Files"]
