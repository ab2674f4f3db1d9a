/** Configurations of the old fedimg as Fedora had them; what was never public stands in made up. */

/**
 * Fedora's own of October 2015, for fedimg 0.6: keys, AMI list and public variables are facts of Fedora
 * infrastructure's Ansible repository (roles/fedimg/templates/fedimg.cfg and roles/fedimg/vars/main.yml at commit
 * 9d36e54f8). One of its AMI ids is none, there as here.
 */
export const FEDORA_2015 = `[general]
clean_up_on_failure = True
delete_images_on_failure = True

[koji]
server = https://koji.fedoraproject.org/kojihub
base_task_url = https://kojipkgs.fedoraproject.org//work/tasks

[aws]
util_username = ec2-user
test_username = fedora
util_volume_size = 6
test_volume_size = 6
access_id = AKIAEXAMPLEACCESSKEY
secret_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
iam_profile = arn:aws:iam::125523088429:user/image-upload

keyname = fedimg
keypath = /etc/pki/fedimg/fedimg
pubkeypath = /etc/pki/fedimg/fedimg.pub

test = /bin/true
amis = us-east-1|RHEL|6.5|x86_64|ami-be6a98d6|aki-919dcaf8
       ap-northeast-1|RHEL|6.5|x86_64|ami-e7aee0e6|aki-176bf516
       ap-southeast-1|RHEL|6.5|x86_64|ami-c683df94|aki-503e7402
       ap-southeast-2|RHEL|6.5|x86_64|ami-41ra8f7b|aki-c362fff9
       eu-central-1|RHEL|6.5|x86_64|ami-76eddb6b|aki-184c7a05
       eu-west-1|RHEL|6.5|x86_64|ami-81f23cf6|aki-52a34525
       sa-east-1|RHEL|6.5|x86_64|ami-b7ec43aa|aki-5553f448
       us-west-1|RHEL|6.5|x86_64|ami-fc393eb9|aki-880531cd
       us-west-2|RHEL|6.5|x86_64|ami-79daa849|aki-fc8f11cc
       us-east-1|RHEL|6.5|i386|ami-acac51c4|aki-8f9dcae6
       ap-northeast-1|RHEL|6.5|i386|ami-c7bff1c6|aki-136bf512
       ap-southeast-1|RHEL|6.5|i386|ami-9eb8e4cc|aki-ae3973fc
       ap-southeast-2|RHEL|6.5|i386|ami-87f194bd|aki-cd62fff7
       eu-central-1|RHEL|6.5|i386|ami-76eddb6b|aki-184c7a05
       eu-west-1|RHEL|6.5|i386|ami-7101cf06|aki-68a3451f
       sa-east-1|RHEL|6.5|i386|ami-e9e847f4|aki-5b53f446
       us-west-1|RHEL|6.5|i386|ami-eacfc8af|aki-8e0531cb
       us-west-2|RHEL|6.5|i386|ami-25cab815|aki-f08f11c0

[rackspace]
username = someuser
api_key = secretk3y

[gce]
email = someacct@provider.com
keypath = /path/to/pem/file
project_id = someprojectid

[hp]
username = aperson
password = somecoolpassword
tenant = theprojectname
`;

/**
 * Fedora's own for fedimg 2.x: roles/fedimg/templates/fedimg-conf.toml of the same repository at commit 8b776bcf1
 * (April 2018), here without the sections that nothing read.
 */
export const FEDORA_2018 = `[general]
clean_up_on_failure = false
delete_images_on_failure = false
process_count = 1
active_services = ['aws']

[aws]
root_volume_size = 6
access_id = 'AKIAEXAMPLEACCESSKEY'
secret_key = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
bucket_name = 'fedora-s3-bucket-fedimg'
base_region = 'us-east-1'
regions = ['ap-northeast-2', 'us-east-2', 'ap-southeast-1', 'ap-southeast-2',
           'ap-south-1', 'eu-west-1', 'sa-east-1', 'us-east-1', 'us-west-2',
           'us-west-1', 'eu-central-1', 'ap-northeast-1', 'ca-central-1',
           'eu-west-2', 'eu-west-3']
volume_types = ['standard', 'gp2']
`;

/** What must never come out, of either. */
export const SECRETS = [
  'AKIAEXAMPLEACCESSKEY',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'secretk3y',
  'somecoolpassword',
];

/** The least that fedimg 0.7.5 needed of what is taken over; the list has the form of 2016. */
export const LEAST_OLD = `[general]
clean_up_on_failure = True
[aws]
test = /usr/bin/systemctl is-system-running
amis = eu-west-1|x86_64|ami-81f23cf6|aki-52a34525
       us-east-1|x86_64|ami-be6a98d6|aki-919dcaf8
`;
