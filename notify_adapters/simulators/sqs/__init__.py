"""A small SQS in memory: fast, and with faults to order. For benchmarks and fault injection.

It speaks AWS's JSON protocol (`application/x-amz-json-1.0`, `X-Amz-Target: AmazonSQS.SendMessage`), which
is what botocore and kombu 5.7 use; the older query protocol with XML is not spoken. Standard queues only.

    queue.py         one queue: messages, visibility, delays, dead letters
    ready.py         whose turn it is: quiet message groups before busy ones
    queues.py        all queues, by name and URL
    operations.py    what each call does, AWS's parameters in, AWS's answer out
    attributes.py    message attributes and their checksum
    errors.py        refusals in AWS's words
    faults.py        duplicates, reordering, delays, outages, lost answers
    application.py   HTTP, and the control API:

    GET    /_simulator/health     {"simulator": "sqs"}
    GET    /_simulator/counts     calls by operation; messages sent, received, deleted; depth of each queue
    DELETE /_simulator/messages   purge all queues and counts
    DELETE /_simulator/queues     delete all queues, and the counts
    PUT    /_simulator/faults     what goes wrong from now on; see faults.py
    GET    /_simulator/faults
    DELETE /_simulator/faults     nothing goes wrong

Everything is lost when it stops. A FIFO queue's name is refused. What AWS leaves to chance is made strict
where that finds mistakes: a message bigger than 256 KiB is refused (AWS takes 1 MiB since 2025), and a
receipt handle is good for the last receive only.
"""
