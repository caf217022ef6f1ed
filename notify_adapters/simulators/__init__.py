"""Stand-ins for the outside providers: HTTP servers that speak their wire formats.

`python -m notify_adapters.simulators {mmg,firetext,ses,documents,sqs} --help` says how each is started.

    document_download.py file_types.py   the file service, and which files it takes
    mmg.py firetext.py   the SMS providers' formats; sms.py, what they have in common ses.py
    Amazon SES, in front of moto or alone; ses_events.py, sns.py: its signed notifications sqs/
    a fast SQS-compatible queue, with faults to order behaviours.py        what a simulator can be told to
    do, and magic recipients control.py           the control API: tell behaviours, read what was accepted
    journal.py           what was accepted, and how often receipts.py          posting receipts back, with
    retries client.py            the control API from Python, for tests and benchmarks asgi.py server.py
    http_client.py london.py   what they stand on
"""
