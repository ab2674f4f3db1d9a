"""What Fedora's readers make of messages: wikitcms, fedmsg_meta, and the schemas of fedora-messaging.

Reads {"messages": [{"topic", "body", "schema"}], "events": [{"release", "milestone", "compose", "cid"}]}
from stdin. Prints {"pages": [the AMI page of each event], "subtitles": [of each message, or null],
"readings": [{"class", "valid", "problem", "summary", "url", "text"}]}.
"""

import importlib.util
import json
import sys
import types
from urllib.parse import parse_qs, urlsplit

import fedfind.helpers
from fedora_messaging import message as messages
from jsonschema import ValidationError
from wikitcms.event import ComposeEvent, NightlyEvent
from wikitcms.page import AMIPage

# fedmsg's own start-up would load its message bus, of which the processors need nothing.
fedmsg = types.ModuleType("fedmsg")
fedmsg.__path__ = importlib.util.find_spec("fedmsg").submodule_search_locations
sys.modules["fedmsg"] = fedmsg
# fedmsg_meta asks the account system for pictures of people, which no message of fedimg names.
fedora = types.ModuleType("fedora")
fedora.client = types.ModuleType("fedora.client")
fedora.client.AccountSystem = lambda: None
sys.modules.update({"fedora": fedora, "fedora.client": fedora.client})
from fedmsg_meta_fedora_infrastructure.fedimg import FedimgProcessor  # noqa: E402


def datagrepper(sent):
    """Answers wikitcms's question as datagrepper does: by whole topics."""

    def download_json(url):
        topics = parse_qs(urlsplit(url).query)["topic"]
        found = [one for one in sent if one["topic"] in topics]
        raw = [{"topic": one["topic"], "msg": one["body"]} for one in found]
        return {"raw_messages": raw, "pages": 1}

    return download_json


def page_text(event):
    kind = NightlyEvent if event["milestone"] in ("Branched", "Rawhide") else ComposeEvent
    subject = kind(None, event["release"], event["milestone"], event["compose"])
    # Without the wiki, and without the server of composes.
    subject.ff_release = types.SimpleNamespace(cid=event["cid"])
    page = AMIPage.__new__(AMIPage)
    page.event = subject
    return page.seedtext


processor = FedimgProcessor(lambda text: text)


def subtitle(sent):
    wrapped = {"topic": sent["topic"], "msg": sent["body"]}
    if processor.handle_msg(wrapped) is None:
        return None
    processor.objects(wrapped)
    return processor.subtitle(wrapped)


def reading(sent):
    kind = messages.get_class(sent["schema"])
    read = kind(topic=sent["topic"], body=sent["body"])
    line = {"class": kind.__name__, "valid": True}
    try:
        read.validate()
    except ValidationError as error:
        return {**line, "valid": False, "problem": error.message}
    return {**line, "summary": read.summary, "url": read.url, "text": str(read)}


request = json.load(sys.stdin)
fedfind.helpers.download_json = datagrepper(request["messages"])
json.dump(
    {
        "pages": [page_text(event) for event in request["events"]],
        "subtitles": [subtitle(sent) for sent in request["messages"]],
        "readings": [reading(sent) for sent in request["messages"]],
    },
    sys.stdout,
)
