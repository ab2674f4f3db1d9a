# SPDX-License-Identifier: GPL-3.0-or-later
"""The message classes. fedimg checks each body against the same rules before it sends it."""

from fedora_messaging import message

SCHEMA_URL = "http://fedoraproject.org/message-schema/"
DRAFT = "https://json-schema.org/draft/2019-09/schema"

AMIS = {
    "type": "object",
    "description": "AMI ids by variant: virtualization and volume type, such as hvm-gp3.",
    "additionalProperties": {"type": "string", "pattern": "^ami-[0-9a-f]{8,17}$"},
}

PROPERTIES = {
    "workflow_id": {"type": "string", "description": "The Temporal workflow of the image."},
    "run_id": {"type": "string", "description": "The run of that workflow."},
    "compose_id": {"type": "string", "description": "The compose that the image belongs to."},
    "image_name": {"type": "string", "description": "The file name of the image without .raw.xz."},
    "image_url": {"type": "string", "description": "The URL that the image was downloaded from."},
    "subvariant": {"type": "string", "description": "The subvariant, such as Cloud_Base."},
    "architecture": {"type": "string", "enum": ["x86_64", "aarch64"]},
    "destination": {"type": "string", "description": "The AWS region."},
    "service": {"type": "string", "enum": ["EC2"]},
}


class _FedimgMessage(message.Message):
    """What all messages share. Use a subclass."""

    @property
    def app_name(self):
        return "fedimg"

    @property
    def url(self):
        """The image that the message is about."""
        return self.body["image_url"]

    @property
    def _image(self):
        return f"{self.body['image_name']} ({self.body['architecture']})"


class RunV1(_FedimgMessage):
    """A run began to publish an image, or it ended. `destination` is the home region."""

    topic = "fedimg.run.v1"
    body_schema = {
        "id": f"{SCHEMA_URL}{topic}",
        "$schema": DRAFT,
        "description": "The beginning or the end of a run that publishes one image as AMIs.",
        "type": "object",
        "properties": {
            **PROPERTIES,
            "outcome": {
                "type": "string",
                "enum": ["started", "published", "partly-published", "failed", "cancelled"],
                "description": "partly-published: some regions were left out.",
            },
            "reason": {"type": "string", "description": "Why the run failed."},
            "regions": {
                "type": "object",
                "description": "All regions of the plan; empty if the run failed before its plan.",
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "state": {
                            "type": "string",
                            "enum": ["waiting", "published", "private", "left-out", "undone"],
                        },
                        "amis": AMIS,
                        "reason": {"type": "string"},
                    },
                    "required": ["state", "amis"],
                },
            },
        },
        "required": [*PROPERTIES, "outcome", "regions"],
    }

    @property
    def summary(self):
        outcome, regions = self.body["outcome"], self.body["regions"]
        if outcome == "started":
            return f"{self.app_name} began to publish {self._image} in {len(regions)} regions"
        public = [one for one in regions.values() if one["state"] == "published"]
        where = f"in {len(public)} of {len(regions)} regions"
        published = f"{self.app_name} published {self._image} {where}"
        if outcome in ("published", "partly-published"):
            return published
        reason = self.body.get("reason", "unknown")
        if public:
            ended = "was cancelled" if outcome == "cancelled" else f"failed: {reason}"
            return f"{published}, then {ended}"
        if outcome == "cancelled":
            return f"{self.app_name} was cancelled before it published {self._image}"
        return f"{self.app_name} did not publish {self._image}: {reason}"

    def __str__(self):
        lines = [self.summary, "", f"\tCompose: {self.body['compose_id']}"]
        for name, region in self.body["regions"].items():
            amis = ", ".join(f"{key} {ami}" for key, ami in region["amis"].items())
            detail = amis or region.get("reason", "")
            lines.append(f"\t{name}: {region['state']}{': ' if detail else ''}{detail}")
        return "\n".join(lines) + "\n"


class RegionV1(_FedimgMessage):
    """A run goes on without a region, which is its `destination`."""

    topic = "fedimg.region.v1"
    body_schema = {
        "id": f"{SCHEMA_URL}{topic}",
        "$schema": DRAFT,
        "description": "A region that a run of fedimg left out.",
        "type": "object",
        "properties": {
            **PROPERTIES,
            "state": {"type": "string", "enum": ["left-out"]},
            "reason": {"type": "string", "description": "Why the region was left out."},
            "next": {"type": "string", "description": "What an operator can do."},
            "amis": {**AMIS, "description": "AMIs that were public before the failure, and stay."},
        },
        "required": [*PROPERTIES, "state", "reason", "amis"],
    }

    @property
    def summary(self):
        region = self.body["destination"]
        return f"{self.app_name} left out {region} for {self._image}: {self.body['reason']}"

    def __str__(self):
        then = f"\n\tWhat to do: {self.body['next']}" if "next" in self.body else ""
        return f"{self.summary}\n\n\tCompose: {self.body['compose_id']}{then}\n"
