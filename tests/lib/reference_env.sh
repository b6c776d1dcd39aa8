#!/bin/bash
# The first process of the reference daemon's private world; harness.ReferenceDaemon starts it as
#   unshare -mnpu --fork --kill-child --mount-proc bash reference_env.sh DIRECTORY
# Everything that libvirt keeps, its sockets included, lies below DIRECTORY, which the outside sees too: a client out
# there reaches the daemon by DIRECTORY/run/libvirt/libvirt-sock. When this process ends, the kernel ends the rest.
set -e
directory=$1
mount --make-rprivate /
hostname reference
ip link set lo up
own() { mkdir -p "$directory/$1" "$2"; mount --bind "$directory/$1" "$2"; }
mkdir -p "$directory/etc/libvirt"
cp -a /etc/libvirt/. "$directory/etc/libvirt/"
rm -rf "$directory"/etc/libvirt/qemu/networks/*.xml "$directory"/etc/libvirt/qemu/networks/autostart
own etc/libvirt /etc/libvirt
own lib/libvirt /var/lib/libvirt
own cache/libvirt /var/cache/libvirt
own log/libvirt /var/log/libvirt
own run /run
mkdir -p /run/lock /run/libvirt /var/lib/libvirt/{images,boot,dnsmasq,network,qemu} /var/cache/libvirt/qemu /var/log/libvirt/qemu
chown libvirt-qemu:libvirt-qemu /var/lib/libvirt/qemu /var/cache/libvirt/qemu 2> /dev/null || :
# Devices without kvm: on every host the guests run under TCG.
mkdir -p "$directory/dev"
mount -t tmpfs -o mode=755 tmpfs "$directory/dev"
for node in null zero full random urandom tty; do cp -a "/dev/$node" "$directory/dev/"; done
mkdir -p "$directory"/dev/{pts,shm,net}
cp -a /dev/net/tun "$directory/dev/net/" 2> /dev/null || :
ln -s /proc/self/fd "$directory/dev/fd"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$directory/dev/pts"
ln -s pts/ptmx "$directory/dev/ptmx"
mount -t tmpfs tmpfs "$directory/dev/shm"
mount --rbind "$directory/dev" /dev
# A sysfs without control groups: nobody manages them in here.
for _ in 1 2; do umount -l -R /sys 2> /dev/null || :; done
mount -t sysfs sysfs /sys
cat > /etc/libvirt/libvirtd.conf <<CONFIGURATION
host_uuid = "8f07fe28-753f-2729-d76d-bdbd892f949a"
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_rw_perms = "0700"
log_level = 3
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
CONFIGURATION
sed -i '/^namespaces/d; /^user *=/d; /^group *=/d; /^security_driver/d' /etc/libvirt/qemu.conf
printf 'namespaces = []\nuser = "root"\ngroup = "root"\nsecurity_driver = "none"\n' >> /etc/libvirt/qemu.conf
virtlogd -d
env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 libvirtd &
wait $!
