"""A sample of the contract, driven by boto3. Arguments: endpoint. Prints one JSON object."""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = sys.argv[1]


def client(service, region="us-east-1"):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(retries={"total_max_attempts": 1}),
    )


def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "ok"


ec2 = client("ec2")
seen = {"account": client("sts").get_caller_identity()["Account"]}
seen["regions"] = len(ec2.describe_regions(AllRegions=True)["Regions"])

images = ec2.describe_images(
    Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-*-x86_64"]}]
)["Images"]
newest = max(images, key=lambda image: image["CreationDate"])
launch = dict(
    ImageId=newest["ImageId"],
    InstanceType="t3.micro",
    MinCount=1,
    MaxCount=1,
    ClientToken="boto",
    UserData="#!/bin/sh\ntrue\n",
    BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": True}}],
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "boto & <co>"}]}],
)
first = ec2.run_instances(**launch)["Instances"][0]
second = ec2.run_instances(**launch)["Instances"][0]
seen["same_instance"] = first["InstanceId"] == second["InstanceId"]
seen["mismatch"] = code(lambda: ec2.run_instances(**{**launch, "InstanceType": "t3.small"}))
waiting = {"Delay": 1, "MaxAttempts": 30}
ids = [first["InstanceId"]]
ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=waiting)
ec2.get_waiter("instance_status_ok").wait(InstanceIds=ids, WaiterConfig=waiting)
instance = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]
seen["tag"] = instance["Tags"][0]["Value"]
seen["devices"] = [device["DeviceName"] for device in instance["BlockDeviceMappings"]]

volume = instance["BlockDeviceMappings"][1]["Ebs"]["VolumeId"]
snapshot = ec2.create_snapshot(VolumeId=volume, Description="boto")["SnapshotId"]
ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot], WaiterConfig=waiting)
image = ec2.register_image(
    Name="boto image",
    Architecture="x86_64",
    VirtualizationType="hvm",
    RootDeviceName="/dev/sda1",
    EnaSupport=True,
    BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot, "VolumeType": "gp2"}}],
)["ImageId"]
ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig=waiting)
ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"Group": "all"}]})
seen["public"] = ec2.describe_images(ImageIds=[image])["Images"][0]["Public"]

west = client("ec2", "us-west-2")
copy = west.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=snapshot)["SnapshotId"]
west.get_waiter("snapshot_completed").wait(SnapshotIds=[copy], WaiterConfig=waiting)
seen["in_use"] = code(lambda: ec2.delete_snapshot(SnapshotId=snapshot))
seen["disabled_region"] = code(lambda: client("ec2", "af-south-1").describe_vpcs())
west_copies = {"SourceRegion": "us-east-1", "SourceImageId": image, "Name": "copied", "ClientToken": "copy"}
copied = west.copy_image(**west_copies)["ImageId"]
seen["same_copy"] = west.copy_image(**west_copies)["ImageId"] == copied
again = dict(
    Name="boto image",
    Architecture="x86_64",
    VirtualizationType="hvm",
    RootDeviceName="/dev/sda1",
    BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}],
)
seen["duplicate"] = code(lambda: ec2.register_image(**again))


def settings(changes):
    request = urllib.request.Request(
        endpoint + "/_fedimg/settings", data=json.dumps(changes).encode(), method="PUT"
    )
    urllib.request.urlopen(request).close()


def publish(name):
    other = ec2.register_image(**{**again, "Name": name})["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[other], WaiterConfig=waiting)
    return code(
        lambda: ec2.modify_image_attribute(ImageId=other, LaunchPermission={"Add": [{"Group": "all"}]})
    )


missing = "0123456789abcdef0"
seen["not_found"] = [
    code(lambda: ec2.describe_instances(InstanceIds=["i-" + missing])),
    code(lambda: ec2.describe_volumes(VolumeIds=["vol-" + missing])),
    code(lambda: ec2.describe_snapshots(SnapshotIds=["snap-" + missing])),
    code(lambda: ec2.describe_images(ImageIds=["ami-" + missing])),
]
settings({"publicImagesPerRegion": 1, "volumesPerRegion": 0})
seen["quotas"] = [
    publish("over the quota"),
    code(lambda: ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)),
]
settings({"publicImagesPerRegion": None, "volumesPerRegion": None})
ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
seen["blocked"] = publish("blocked")
ssm = client("ssm")
command = dict(DocumentName="AWS-RunShellScript", Parameters={"commands": ["true"]})
seen["ssm"] = [
    code(lambda: ssm.send_command(InstanceIds=["i-" + missing], **command)),
    code(lambda: ssm.send_command(InstanceIds=ids, **{**command, "DocumentName": "None"})),
    code(lambda: ssm.get_command_invocation(CommandId="0" * 8 + "-0000" * 3 + "-" + "0" * 12, InstanceId=ids[0])),
]
settings({"throttling": True})
start = dict(ImageId=newest["ImageId"], InstanceType="none", MinCount=1, MaxCount=1)
seen["throttled"] = "RequestLimitExceeded" in [code(lambda: ec2.run_instances(**start)) for _ in range(40)]
settings({"throttling": False})
ec2.terminate_instances(InstanceIds=ids)
ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig=waiting)
seen["terminated_token"] = code(lambda: ec2.run_instances(**launch))
pages = ec2.get_paginator("describe_images").paginate(Owners=["amazon"], PaginationConfig={"PageSize": 1})
seen["pages"] = sum(1 for _ in pages)
print(json.dumps(seen))
