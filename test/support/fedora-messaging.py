"""Fedora's own messaging library as publisher and consumer: requests in as JSON, one JSON line out for each message.

    fedora-messaging.py publish < MESSAGES    publishes a list of {topic, body, headers, severity, schema}
    fedora-messaging.py consume COUNT SECONDS judges COUNT messages of the configured queue

FEDORA_MESSAGING_CONF names the configuration. `print_message` is for `fedora-messaging consume --callback-file`.
"""

import json
import logging
import sys

import jsonschema
from fedora_messaging import api, config, exceptions
from fedora_messaging import message as messages


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


REFUSALS = (
    exceptions.PublishException,
    exceptions.ConnectionException,
    exceptions.ValidationError,
    # What `publish` really raises for a message that its schema forbids.
    jsonschema.ValidationError,
)


def publish():
    # A traceback for each refusal, which here is an answer.
    logging.getLogger("fedora_messaging").setLevel(logging.CRITICAL)
    for request in json.load(sys.stdin):
        kind = messages.get_class(request["schema"]) if "schema" in request else messages.Message
        message = kind(
            topic=request.get("topic"),
            body=request["body"],
            headers=request.get("headers"),
            severity=request.get("severity"),
        )
        line = {"id": message.id, "topic": message.topic}
        try:
            api.publish(message, timeout=20)
        except REFUSALS as error:
            line.update(error=type(error).__name__, reason=str(error))
        say(line)


class Complaints(logging.Handler):
    """What the library logs about a message: it takes many that are wrong, and only says so here."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def judged(routing_key, properties, body, complaints):
    """The library's own reading of a message, and a line about it; a message that is not valid is raised as there."""
    complaints.lines.clear()
    line = {
        "id": properties.message_id,
        "topic": routing_key,
        "headers": dict(properties.headers or {}),
        "contentType": properties.content_type,
        "contentEncoding": properties.content_encoding,
        "deliveryMode": properties.delivery_mode,
        "priority": properties.priority,
        "text": body.decode("utf-8", "replace"),
    }
    try:
        message = messages.get_message(routing_key, properties, body)
        message.validate()
        kind = type(message)
        line.update(
            valid=True,
            className=f"{kind.__module__}:{kind.__qualname__}",
            severity=message.severity,
            body=message.body,
            summary=message.summary,
        )
        return message
    except exceptions.ValidationError as error:
        line.update(valid=False, problem=str(error))
        raise
    finally:
        line["complaints"] = list(complaints.lines)
        say(line)


def consume(count, seconds):
    from twisted.internet import defer, reactor

    from fedora_messaging.twisted import consumer as consuming

    complaints = Complaints()
    logging.getLogger("fedora_messaging").addHandler(complaints)
    state = {"left": count, "consumers": [], "failed": False}

    def finish():
        # After the message at hand: its acknowledgement, or the lack of one, is part of what is judged.
        done = defer.gatherResults([one.cancel() for one in state["consumers"]])
        done.addBoth(lambda _: reactor.stop())

    def judge(routing_key, properties, body):
        try:
            return judged(routing_key, properties, body, complaints)
        finally:
            state["left"] -= 1
            if state["left"] == 0:
                reactor.callLater(0, finish)

    def fail(failure):
        state["failed"] = True
        sys.stderr.write(f"{failure.type.__name__}: {failure.getErrorMessage()}\n")
        reactor.stop()

    consuming.get_message = judge

    def begin(consumers):
        state["consumers"].extend(consumers)
        reactor.callLater(seconds, finish)

    waiting = api.twisted_consume(lambda message: None)
    waiting.addCallbacks(begin, fail)
    reactor.run()
    sys.exit(1 if state["failed"] else 0)


taken = 0


def print_message(message):
    global taken
    say({"id": message.id, "topic": message.topic, "severity": message.severity, "body": message.body})
    taken += 1
    if taken == config.conf["consumer_config"]["count"]:
        raise exceptions.HaltConsumer()


if __name__ == "__main__":
    if sys.argv[1] == "publish":
        publish()
    else:
        consume(int(sys.argv[2]), float(sys.argv[3]))
