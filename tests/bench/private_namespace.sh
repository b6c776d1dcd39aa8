#!/bin/bash
# The first process of a daemon's private world; peers.py starts it as
#   unshare -mnpu --fork --kill-child --mount-proc bash private_namespace.sh DIRECTORY [COMMAND…]
# and so does tests/clients/private.py, with a command whose end is the end of the namespace.
# Everything libvirt keeps on disk lies under DIRECTORY, on the same file system for both daemons, so that saving a
# definition costs both the same. When this process ends, the kernel ends every process of the namespace with it.
set -e
directory=$1
mount --make-rprivate /
hostname bench
ip link set lo up
bind() { mkdir -p "$directory/$1"; mount --bind "$directory/$1" "$2"; }
mkdir -p /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
mkdir -p "$directory/etc"
cp -a /etc/libvirt/. "$directory/etc/"
rm -rf "$directory"/etc/qemu/*
bind etc /etc/libvirt
bind lib /var/lib/libvirt
bind cache /var/cache/libvirt
bind log /var/log/libvirt
mkdir -p /var/lib/libvirt/{images,qemu,boot} /var/cache/libvirt/qemu /var/log/libvirt/qemu
chown libvirt-qemu:libvirt-qemu /var/lib/libvirt/qemu /var/cache/libvirt/qemu 2>/dev/null || :
echo "127.0.0.1 localhost bench" > "$directory/hosts"
mount --bind "$directory/hosts" /etc/hosts
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/libvirt
# a /dev without kvm: guests of both daemons run under TCG everywhere
mkdir -p "$directory/dev"
mount -t tmpfs -o mode=755 tmpfs "$directory/dev"
for node in null zero full random urandom tty; do cp -a /dev/$node "$directory/dev/"; done
mkdir -p "$directory"/dev/{pts,shm,net}
cp -a /dev/net/tun "$directory/dev/net/" 2>/dev/null || :
ln -s /proc/self/fd "$directory/dev/fd"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$directory/dev/pts"
ln -s pts/ptmx "$directory/dev/ptmx"
mount -t tmpfs tmpfs "$directory/dev/shm"
mount --rbind "$directory/dev" /dev
# a sysfs without control groups: there is no manager of them in here
for _ in 1 2; do umount -l -R /sys 2>/dev/null || :; done
mount -t sysfs sysfs /sys
: > "$directory/ready"
if [ $# -gt 1 ]; then
    shift
    "$@" & # this shell stays the first process: it reaps what others leave
    wait $! && exit 0 || exit $?
fi
while :; do sleep 3600 & wait $! || :; done
