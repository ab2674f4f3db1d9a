"""EBS direct APIs, driven by boto3. Argument: endpoint. Prints one JSON object."""

import base64
import hashlib
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BLOCK = 524288
once = Config(retries={"total_max_attempts": 1})


def client(service):
    return boto3.client(service, region_name="us-east-1", endpoint_url=sys.argv[1], config=once)


def refusal(call):
    try:
        call()
    except ClientError as error:
        answer = error.response
        return [
            answer["Error"]["Code"],
            answer.get("Reason"),
            answer["ResponseMetadata"]["HTTPStatusCode"],
        ]
    return "ok"


def put(snapshot, index, data):
    return ebs.put_snapshot_block(
        SnapshotId=snapshot,
        BlockIndex=index,
        BlockData=data,
        DataLength=len(data),
        Checksum=base64.b64encode(hashlib.sha256(data).digest()).decode(),
        ChecksumAlgorithm="SHA256",
        Progress=10,
    )


ebs = client("ebs")
start = dict(VolumeSize=1, Description="boto", Tags=[{"Key": "k", "Value": "v"}], ClientToken="boto", Timeout=10)
first = ebs.start_snapshot(**start)
snapshot = first["SnapshotId"]
seen = {"started": [first["Status"], first["VolumeSize"], first["BlockSize"], first["Tags"]]}
seen["same"] = ebs.start_snapshot(**start)["SnapshotId"] == snapshot
seen["conflict"] = refusal(lambda: ebs.start_snapshot(**{**start, "VolumeSize": 2}))

blocks = {9: b"nine".ljust(BLOCK, b"\0"), 2: b"two".ljust(BLOCK, b"\0")}
for index, data in blocks.items():
    put(snapshot, index, data)
seen["behind"] = refusal(lambda: put(snapshot, 2048, blocks[2]))
seen["pending"] = refusal(lambda: ebs.list_snapshot_blocks(SnapshotId=snapshot))
linear = hashlib.sha256(b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks)))
ebs.complete_snapshot(
    SnapshotId=snapshot,
    ChangedBlocksCount=len(blocks),
    Checksum=base64.b64encode(linear.digest()).decode(),
    ChecksumAlgorithm="SHA256",
    ChecksumAggregationMethod="LINEAR",
)
client("ec2").get_waiter("snapshot_completed").wait(
    SnapshotIds=[snapshot], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
)

listed = ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100)
seen["blocks"] = [block["BlockIndex"] for block in listed["Blocks"]]
seen["read"] = []
for block in listed["Blocks"]:
    answer = ebs.get_snapshot_block(SnapshotId=snapshot, **block)
    seen["read"].append(answer["BlockData"].read() == blocks[block["BlockIndex"]])
seen["sealed"] = refusal(lambda: put(snapshot, 3, blocks[2]))
seen["missing"] = refusal(lambda: ebs.list_snapshot_blocks(SnapshotId="snap-0123456789abcdef0"))

child = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=snapshot)["SnapshotId"]
put(child, 2, blocks[9])
ebs.complete_snapshot(SnapshotId=child, ChangedBlocksCount=1)
client("ec2").get_waiter("snapshot_completed").wait(
    SnapshotIds=[child], WaiterConfig={"Delay": 1, "MaxAttempts": 30}
)
changed = ebs.list_changed_blocks(FirstSnapshotId=snapshot, SecondSnapshotId=child)
seen["changed"] = [block["BlockIndex"] for block in changed["ChangedBlocks"]]
print(json.dumps(seen))
